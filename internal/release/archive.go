package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"time"
)

// An entry is a file of an archive.
type entry struct {
	name    string
	mode    int64
	content []byte
}

// archiveOf packs files into a gzipped tar, which says of them no more than name, mode, content and the one time. It is in the form in
// which `pulumi plugin install` reads plugins on every platform: no folder, no link.
func archiveOf(entries []entry, at time.Time) ([]byte, error) {
	var b bytes.Buffer
	compressed, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(compressed)
	for _, e := range entries {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: e.name, Mode: e.mode, Size: int64(len(e.content)), ModTime: at, Format: tar.FormatUSTAR,
		}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(e.content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := compressed.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
