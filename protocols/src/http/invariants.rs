//! What must hold for every input; the fuzz targets and the tests over their corpora call these.
