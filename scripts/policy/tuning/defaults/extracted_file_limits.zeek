# No file that is extracted grows beyond 100 MB.

@load base/files/extract

redef FileExtract::default_limit = 104857600;
