"""Claims, one file each; a new file with a `Claim` is found by itself."""
