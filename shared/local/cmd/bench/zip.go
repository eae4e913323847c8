package main

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// zips tells how large the programs for Lambda are as they are uploaded.
func zips(all figures) error {
	names, err := programs("build")
	if err != nil {
		return err
	}
	for _, name := range names {
		size, err := zipped(filepath.Join("build", name, "bootstrap"))
		if err != nil {
			return fmt.Errorf("zipping %s: %w", name, err)
		}
		all.set("zip."+name+".bytes", "bytes", float64(size))
	}
	return nil
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func zipped(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	var size counter
	archive := zip.NewWriter(&size)
	into, err := archive.CreateHeader(&zip.FileHeader{Name: "bootstrap", Method: zip.Deflate})
	if err != nil {
		return 0, err
	}
	if _, err := io.Copy(into, f); err != nil {
		return 0, err
	}
	if err := archive.Close(); err != nil {
		return 0, err
	}
	return int64(size), nil
}
