"""Where computations run: here, in processes of this machine, or on a Dask cluster; the answer is the same bytes."""
