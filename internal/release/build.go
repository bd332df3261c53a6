package main

import (
	"archive/tar"
	"bytes"
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
	"strconv"
	"strings"
	"time"
)

// A platform is what a binary is for.
type platform struct{ os, arch string }

// platforms are those that releases are for.
var platforms = []platform{
	{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
}

func (p platform) String() string { return p.os + "/" + p.arch }

func platformNames() []string {
	var names []string
	for _, p := range platforms {
		names = append(names, p.String())
	}
	return names
}

// packName is the name by which the engine finds an analyzer.
const packName = "pulumi-analyzer-dynamoguard"

// binary returns the file name of the pack.
func (p platform) binary() string {
	if p.os == "windows" {
		return packName + ".exe"
	}
	return packName
}

// command runs the go command for a platform and returns what it prints. Nothing of the caller's environment decides what is
// compiled but which Go it is.
func (p platform) command(root string, args ...string) ([]byte, error) {
	command := exec.Command("go", args...)
	command.Dir = root
	deciding := []string{"GOEXPERIMENT", "GODEBUG", "GOWORK"}
	command.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(deciding, name)
	})
	command.Env = append(command.Env, "GOOS="+p.os, "GOARCH="+p.arch, "GOAMD64=v1", "GOARM64=v8.0",
		"CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOFIPS140=off", "GOWORK=off")
	return output(command)
}

// output runs a command and returns what it prints; what it says of an error is part of that.
func output(command *exec.Cmd) ([]byte, error) {
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, stderr.String())
	}
	return out, nil
}

// A commit is what a release is made of.
type commit struct {
	hash string
	time time.Time // in UTC
}

// headOf returns the commit that is checked out in a folder.
func headOf(root string) (commit, error) {
	out, err := output(exec.Command("git", "-C", root, "log", "-1", "--format=%H %ct"))
	if err != nil {
		return commit{}, err
	}
	hash, seconds, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return commit{}, fmt.Errorf("git log: %w", err)
	}
	return commit{hash, time.Unix(unix, 0).UTC()}, nil
}

// changes returns the files of a folder that are otherwise than in the commit.
func changes(root string) ([]string, error) {
	out, err := output(exec.Command("git", "-C", root, "status", "--porcelain"))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(strings.Split(string(out), "\n"), func(line string) bool { return line == "" }), nil
}

// export writes the files of a commit to an empty folder.
func (c commit) export(root, to string) error {
	archive, err := output(exec.Command("git", "-C", root, "archive", "--format=tar", c.hash))
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

// compile returns the binary of the sources in a folder.
func (p platform) compile(source string, of commit) ([]byte, error) {
	folder, err := os.MkdirTemp("", "dynamoguard-release-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, p.binary())
	const variables = "-X=dynamoguard/internal/command."
	// The version control of wherever this is run would decide otherwise: by a tag that one clone has and another has not.
	if _, err := p.command(source, "build", "-trimpath", "-buildvcs=false", "-o", file, "-ldflags=-s -w "+
		variables+"commit="+of.hash+" "+variables+"committed="+of.time.Format(time.RFC3339), "."); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}

// release makes a release of the commit that is checked out at root, in a folder that is empty or not there: for each platform an
// archive and its bill of materials, and SHA256SUMS. The same commit and the same Go come to the same bytes.
func release(root, out, tag string, on []platform, progress io.Writer) error {
	if entries, err := os.ReadDir(out); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty; what it holds might be taken for the release's", out)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	of, err := headOf(root)
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
	if err := of.export(root, source); err != nil {
		return err
	}
	version, err := versionOf(source)
	if err != nil {
		return err
	}
	if tag != "" && tag != "v"+version {
		return fmt.Errorf("the tag is %s, and %s says that the version is %s", tag, places[0].file, version)
	}
	modules, err := thirdParty(source, platforms)
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

	fmt.Fprintf(progress, "dynamoguard %s of commit %s\n", version, of.hash)
	if len(changed) > 0 {
		fmt.Fprintf(progress, "not in it, since not committed:\n%s\n", strings.Join(changed, "\n"))
	}
	files := map[string][]byte{}
	for _, p := range on {
		content, err := p.compile(source, of)
		if err != nil {
			return err
		}
		packages, err := linked(source, p)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%s-v%s-%s-%s", packName, version, p.os, p.arch)
		bill, err := billOfMaterials(content, p, version, of, packages, modules)
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		archive, err := archiveOf(append([]entry{{p.binary(), 0o755, content}}, beside...), of.time)
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
