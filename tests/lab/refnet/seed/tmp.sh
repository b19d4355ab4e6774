# Temporary files of the API: two left behind three days ago, one of now, and one that isn't RefNet's to delete.
touch -d '3 days ago' /tmp/refnet-upload-1.pdf /tmp/refnet-upload-2.pdf /tmp/other-tool.sock
touch /tmp/refnet-upload-3.pdf
