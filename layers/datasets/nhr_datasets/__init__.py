"""The datasets of the Nederlandse Hart Registratie, as data."""
