"""What happens to personal data: checked, replaced by pseudonyms or removed; never printed."""
