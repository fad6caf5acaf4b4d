"""The person firewall: no string that names, numbers or locates a person passes it."""
