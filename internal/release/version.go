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

// places are all places that say the version. The engine prefers what PulumiPolicy.yaml says to what the pack does.
var places = []compile.Place{
	compile.InMain,
	compile.InProject,
	{File: "README.md", Says: regexp.MustCompile(`\bdynamoguard@v(` + compile.Semver + `)`)},
	{File: "README.md", Says: archiveName},
	{File: "README.md", Says: download},
	{File: "docs/install.md", Says: archiveName},
	{File: "docs/install.md", Says: download},
	{File: "docs/install.md", Says: regexp.MustCompile(`analyzer-dynamoguard-v(` + compile.Semver + `)/`)},
	{File: "docs/install.md", Says: regexp.MustCompile(`analyzer dynamoguard (` + compile.Semver + `) `)},
	{File: "docs/install.md", Says: regexp.MustCompile(`git checkout v(` + compile.Semver + `) `)},
	{File: "docs/configuration.md", Says: regexp.MustCompile(`\bdynamoguard@v(` + compile.Semver + `)`)},
	{File: "docs/organization.md", Says: regexp.MustCompile(`\bdynamoguard (` + compile.Semver + `) `)},
	{File: "examples/ci/github-actions.yml", Says: regexp.MustCompile(`(?m)^\s+ref: v(` + compile.Semver + `)$`)},
	{File: "examples/ci/gitlab-ci.yml", Says: regexp.MustCompile(`--branch v(` + compile.Semver + `)\b`)},
	{File: "examples/ci/azure-pipelines.yml", Says: regexp.MustCompile(`(?m)^\s+ref: refs/tags/v(` + compile.Semver + `)$`)},
}

var (
	archiveName = regexp.MustCompile(compile.Name + `-v(` + compile.Semver + `)-(?:linux|darwin|windows)-`)
	download    = regexp.MustCompile(`/releases/download/v(` + compile.Semver + `)\b`)
)

var isVersion = regexp.MustCompile(`^` + compile.Semver + `$`)

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
		if _, err := p.In(root); err != nil {
			return nil, err
		}
		text, err := read(p.File)
		if err != nil {
			return nil, err
		}
		files[p.File] = replaceGroup(p.Says, text, version)
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
