import geopandas

items = geopandas.read_file("{{ base }}/collections/{{ collection }}/items?f=json&limit=1000&sortby=-date")
print(items.groupby("nature").size().sort_values(ascending=False))
