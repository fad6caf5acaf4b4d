"""Reports of residents: what may be reported, how it is kept, how it is answered. One core for three doors."""
