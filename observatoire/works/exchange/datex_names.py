"""Namespaces and codes of DATEX II v3 that both ways share."""

BASE = "http://datex2.eu/schema/3/"
NS = {
    "d2": BASE + "d2Payload", "com": BASE + "common", "loc": BASE + "locationReferencing", "sit": BASE + "situation",
    "tro": BASE + "trafficRegulation", "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}  # fmt: skip
TYPE = f"{{{NS['xsi']}}}type"
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SUBJECTS = {
    "eau": "waterMain", "gaz": "gasMainWork", "electricite": "buriedCables", "chauffage": "buriedServices",
    "chaussee": "road", "eclairage-public": "lightingSystem",
}  # fmt: skip
LIKE = {"telecom": "buriedCables", "assainissement": "buriedServices"}
KINDS = {v: k for k, v in SUBJECTS.items()}
IMPACTS = {"chaussee-fermee": "roadBlocked", "chaussee-reduite": "roadPartiallyObstructed"}
EXTENTS = {v: k for k, v in IMPACTS.items()}
