package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"dynamoguard/internal/compile"
)

// A place is where a file says the version of the pack, once or more. The first group of the expression is the version.
type place struct {
	file string
	says *regexp.Regexp
}

// source is the place that the others follow: the binary's own word.
var source = place{"main.go", regexp.MustCompile(`(?m)^const version = "(` + semver + `)"$`)}

// places are all places that say the version. The engine prefers what PulumiPolicy.yaml says to what the pack does.
var places = []place{
	source,
	{"PulumiPolicy.yaml", regexp.MustCompile(`(?m)^version: (` + semver + `)$`)},
	{"README.md", regexp.MustCompile(`\bdynamoguard@v(` + semver + `)`)},
	{"README.md", archiveName},
	{"README.md", download},
	{"docs/install.md", archiveName},
	{"docs/install.md", download},
	{"docs/install.md", regexp.MustCompile(`analyzer-dynamoguard-v(` + semver + `)/`)},
	{"docs/install.md", regexp.MustCompile(`analyzer dynamoguard (` + semver + `) `)},
	{"docs/install.md", regexp.MustCompile(`git checkout v(` + semver + `) `)},
	{"docs/configuration.md", regexp.MustCompile(`\bdynamoguard@v(` + semver + `)`)},
	{"docs/organization.md", regexp.MustCompile(`\bdynamoguard (` + semver + `) `)},
	{"examples/ci/github-actions.yml", regexp.MustCompile(`(?m)^\s+ref: v(` + semver + `)$`)},
	{"examples/ci/gitlab-ci.yml", regexp.MustCompile(`--branch v(` + semver + `)\b`)},
	{"examples/ci/azure-pipelines.yml", regexp.MustCompile(`(?m)^\s+ref: refs/tags/v(` + semver + `)$`)},
}

var (
	archiveName = regexp.MustCompile(compile.Name + `-v(` + semver + `)-(?:linux|darwin|windows)-`)
	download    = regexp.MustCompile(`/releases/download/v(` + semver + `)\b`)
)

// semver matches a version of Semantic Versioning 2.0.0 without build metadata: Pulumi Cloud has no "+" in a pack's version.
const semver = `(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z]+(?:[.-][0-9A-Za-z]+)*)?`

var isVersion = regexp.MustCompile(`^` + semver + `$`)

// versionsAt returns the versions that a place says in a folder's file, at least one.
func versionsAt(root string, p place) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(root, p.file))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, match := range p.says.FindAllSubmatch(text, -1) {
		all = append(all, string(match[1]))
	}
	if all == nil {
		return nil, fmt.Errorf("%s does not say the version, as %s", p.file, p.says)
	}
	return all, nil
}

// versionOf returns the version of the pack in a folder.
func versionOf(root string) (string, error) {
	found, err := versionsAt(root, source)
	if err != nil {
		return "", err
	}
	return found[0], nil
}

// setVersion writes a version to all places, and begins its section of the change log. It returns the files that it changed:
// none of them where one cannot be.
func setVersion(root, version string) (changed []string, err error) {
	if !isVersion.MatchString(version) {
		return nil, fmt.Errorf("%q is no version such as 1.2.3 or 1.2.3-rc.1", version)
	}
	const log, unreleased = "CHANGELOG.md", "\n## Unreleased\n"
	files := map[string]string{}
	read := func(file string) (string, error) {
		if text, ok := files[file]; ok {
			return text, nil
		}
		text, err := os.ReadFile(filepath.Join(root, file))
		return string(text), err
	}
	for _, p := range places {
		if _, err := versionsAt(root, p); err != nil {
			return nil, err
		}
		text, err := read(p.file)
		if err != nil {
			return nil, err
		}
		files[p.file] = replaceGroup(p.says, text, version)
	}
	text, err := read(log)
	switch {
	case err != nil:
		return nil, err
	case strings.Contains(text, "\n## "+version+"\n"):
		return nil, fmt.Errorf("%s has a section of %s already", log, version)
	case !strings.Contains(text, unreleased):
		return nil, fmt.Errorf("%s has no section %q", log, strings.TrimSpace(unreleased))
	}
	files[log] = strings.Replace(text, unreleased, unreleased+"\n## "+version+"\n", 1)
	for file, text := range files {
		if err := os.WriteFile(filepath.Join(root, file), []byte(text), 0o644); err != nil {
			return nil, err
		}
		changed = append(changed, file)
	}
	slices.Sort(changed)
	return changed, nil
}

// replaceGroup replaces what the first group of an expression matches, wherever that does.
func replaceGroup(e *regexp.Regexp, text, with string) string {
	var b strings.Builder
	end := 0
	for _, match := range e.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(text[end:match[2]] + with)
		end = match[3]
	}
	return b.String() + text[end:]
}
