"""Namespaces and codes of DATEX II v3 that both ways share."""

BASE = "http://datex2.eu/schema/3/"
NS = {
    "d2": BASE + "d2Payload", "com": BASE + "common", "loc": BASE + "locationReferencing", "sit": BASE + "situation",
    "tro": BASE + "trafficRegulation", "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}  # fmt: skip
TYPE = f"{{{NS['xsi']}}}type"
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SUBJECTS = {
    "eau": "waterMain", "gaz": "gasMainWork", "electricite": "buriedCables", "chauffage": "heatingPipe",
    "assainissement": "sewer", "chaussee": "road", "eclairage-public": "lightingSystem",
}  # fmt: skip
LIKE = {"telecom": "buriedCables"}
KINDS = {v: k for k, v in SUBJECTS.items()}
#: What is done to the carriageway: a record of its own, of type `RoadOrCarriagewayOrLaneManagement`.
MANAGED = {"chaussee-fermee": "roadClosed", "chaussee-reduite": "narrowLanes"}
EXTENTS = {
    "roadClosed": "chaussee-fermee", "carriagewayClosures": "chaussee-fermee", "overnightClosures": "chaussee-fermee",
    "narrowLanes": "chaussee-reduite", "laneClosures": "chaussee-reduite", "lanesDeviated": "chaussee-reduite",
    "singleAlternateLineTraffic": "chaussee-reduite", "contraflow": "chaussee-reduite",
    "newRoadworksLayout": "chaussee-reduite",
}  # fmt: skip
