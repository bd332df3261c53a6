package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"dynamoguard/internal/compile"
)

// changes returns the files of a folder that are otherwise than in the commit.
func changes(root string) ([]string, error) {
	out, err := compile.Output(exec.Command("git", "-C", root, "status", "--porcelain"))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(strings.Split(string(out), "\n"), func(line string) bool { return line == "" }), nil
}

// export writes the files of a commit to an empty folder.
func export(c compile.Commit, root, to string) error {
	archive, err := compile.Output(exec.Command("git", "-C", root, "archive", "--format=tar", c.Hash))
	if err != nil {
		return err
	}
	for reader := tar.NewReader(bytes.NewReader(archive)); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("git archive: %w", err)
		}
		switch path := filepath.Join(to, filepath.FromSlash(header.Name)); header.Typeflag {
		case tar.TypeXGlobalHeader:
		case tar.TypeDir:
			err = os.MkdirAll(path, 0o755)
		case tar.TypeReg:
			var text []byte
			if text, err = io.ReadAll(reader); err == nil {
				err = os.WriteFile(path, text, header.FileInfo().Mode())
			}
		default:
			err = fmt.Errorf("%s in the commit is neither a file nor a folder", header.Name)
		}
		if err != nil {
			return err
		}
	}
}

// release makes a release of the commit that is checked out at root, in a folder that is empty or not there: for each platform an
// archive and its bill of materials, and SHA256SUMS. The same commit and the same Go come to the same bytes.
func release(root, out, tag string, on []compile.Platform, progress io.Writer) error {
	if entries, err := os.ReadDir(out); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty; what it holds might be taken for the release's", out)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	of, err := compile.Head(root)
	if err != nil {
		return err
	}
	changed, err := changes(root)
	if err != nil {
		return err
	}
	source, err := os.MkdirTemp("", "dynamoguard-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(source)
	if err := export(of, root, source); err != nil {
		return err
	}
	version, err := compile.Version(source)
	if err != nil {
		return err
	}
	if tag != "" && tag != "v"+version {
		return fmt.Errorf("the tag is %s, and %s says that the version is %s", tag, compile.InMain.File, version)
	}
	modules, err := thirdParty(source, compile.Platforms)
	if err != nil {
		return err
	}
	var beside []entry
	for _, name := range []string{"LICENSE", "README.md", thirdPartyFile} {
		text, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return err
		}
		beside = append(beside, entry{name, 0o644, text})
	}
	if !bytes.Equal(beside[2].content, thirdPartyPage(modules)) {
		return fmt.Errorf("%s is not of what is compiled; run go test ./internal/release -run TestThirdParty -update", thirdPartyFile)
	}

	fmt.Fprintf(progress, "dynamoguard %s of commit %s\n", version, of.Hash)
	if len(changed) > 0 {
		fmt.Fprintf(progress, "not in it, since not committed:\n%s\n", strings.Join(changed, "\n"))
	}
	files := map[string][]byte{}
	for _, p := range on {
		content, err := p.Binary(context.Background(), source, of)
		if err != nil {
			return err
		}
		packages, err := linked(source, p)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%s-v%s-%s-%s", compile.Name, version, p.OS, p.Arch)
		bill, err := billOfMaterials(content, p, version, of, packages, modules)
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		archive, err := archiveOf(append([]entry{{compile.Name + p.Suffix(), 0o755, content}}, beside...), of.Time)
		if err != nil {
			return err
		}
		files[name+".tar.gz"], files[name+".cdx.json"] = archive, bill
		fmt.Fprintf(progress, "%-14s %5.1f MB, %.1f MB packed\n", p, megabytes(content), megabytes(archive))
	}
	files["SHA256SUMS"] = sums(files)
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(out, name), content, 0o644); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(progress, "in %s: %d files, and SHA256SUMS of them\n", out, len(files)-1)
	return err
}

func megabytes(content []byte) float64 { return float64(len(content)) / 1e6 }

// sums writes the checksums of files as sha256sum reads them, sorted by name.
func sums(files map[string][]byte) []byte {
	var lines []string
	for name, content := range files {
		lines = append(lines, checksum(content)+"  "+name+"\n")
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[2*sha256.Size:], b[2*sha256.Size:]) })
	return []byte(strings.Join(lines, ""))
}

func checksum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
