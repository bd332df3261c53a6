package compile

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// Semver matches a version of Semantic Versioning 2.0.0 without build metadata: Pulumi Cloud has no "+" in a pack's version.
const Semver = `(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z]+(?:[.-][0-9A-Za-z]+)*)?`

// A Place is where a file says the version of the pack, once or more. The first group of the expression is the version.
type Place struct {
	File string
	Says *regexp.Regexp
}

// The places that decide: what the pack calls itself, which all others follow, and what the engine calls it.
var (
	InMain    = Place{"main.go", regexp.MustCompile(`(?m)^const version = "(` + Semver + `)"$`)}
	InProject = Place{"PulumiPolicy.yaml", regexp.MustCompile(`(?m)^version: (` + Semver + `)$`)}
)

// In returns the versions that the place says in a folder's file, at least one.
func (p Place) In(root string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(root, p.File))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, match := range p.Says.FindAllSubmatch(text, -1) {
		all = append(all, string(match[1]))
	}
	if all == nil {
		return nil, fmt.Errorf("%s does not say the version, as %s", p.File, p.Says)
	}
	return all, nil
}

// Version returns the version of the pack in a folder. Where the places that decide say two, that is an error.
func Version(root string) (string, error) {
	inMain, err := InMain.In(root)
	if err != nil {
		return "", err
	}
	inProject, err := InProject.In(root)
	if err != nil {
		return "", err
	}
	if inMain[0] != inProject[0] {
		return "", fmt.Errorf("the version is %q in %s, and %q in %s; make them one", inMain[0], InMain.File, inProject[0], InProject.File)
	}
	return inMain[0], nil
}
