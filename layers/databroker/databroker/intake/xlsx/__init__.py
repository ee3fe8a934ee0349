"""Workbooks: a zip of XML, of which one worksheet is read."""
