"""What needs neither a widget nor a desktop: HTTP, servers, descriptions, values, jobs, results."""
