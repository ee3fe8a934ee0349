"""The question and the answer of ZorgTTP, as on its slides of 2 June 2026, letter for letter."""

ASKED = """{
  "pseudonymTypes": [
    "C"
  ],
  "records": [
    {
      "G": "M",
      "GD": "19930515",
      "PC": "1234AA"
    }
  ]
}"""
SAMPLE = "WSabzzzzzz0SdACDDArAEJCGsCDECDE-P-C-A/PjAAAAAc4G94wE7puMw5psa6YyagXFi42IEGAg1w=="
ANSWERED = """{
  "statistics": {
    "pseudonymTotal": 1,
    "errorTotal": 0,
    "speed": 200
  },
  "records": [
    {
      "pseudonyms": {
        "C": "%s"
      },
      "diagnostics": []
    }
  ]
}"""
