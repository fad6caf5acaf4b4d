curl "{{ base }}/collections/{{ collection }}/items?f=json&limit=10&sortby=-date"
curl "{{ base }}/collections/{{ collection }}/items?f=json&limit=1&filter=date%20%3E%3D%20DATE('{{ since }}')"
curl "{{ base }}/collections/{{ collection }}/items?f=csv&limit=1000" --output {{ collection }}.csv
