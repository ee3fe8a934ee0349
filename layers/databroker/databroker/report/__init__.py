"""What the hospital gets back: the workbook, the papers for machines and the mail."""
