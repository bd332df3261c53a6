package index

import (
	"crypto/sha1" // the CLI names its files so
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Stack is what the CLI writes as organization/project/name; of each it may not be known.
type Stack struct{ Organization, Project, Name string }

// A Selection is the stack that the CLI would run in a folder, as far as that can be told, and what tells.
type Selection struct {
	Stack
	Project string // path of the project's file; empty where there is none
	From    string // what selects the stack; empty where nothing does
}

// mostProject is more than the file of a project or the settings of a workspace take.
const mostProject = 1 << 20

// Selected finds out which stack the CLI would run in the machine's folder: that of PULUMI_STACK, else the one that the workspace
// has selected. One that has another selected for each of several backends tells nothing.
//
// Sources: https://github.com/pulumi/pulumi/blob/master/pkg/backend/state/stacks.go and
// https://github.com/pulumi/pulumi/blob/master/pkg/workspace/workspace.go
func Selected(machine Machine) (Selection, error) {
	s := Selection{Project: findProject(machine.Folder)}
	if s.Project == "" {
		return s, nil
	}
	data, err := readAtMost(s.Project, mostProject)
	if err != nil {
		return s, fmt.Errorf("%s: %w", s.Project, plainError(err))
	}
	var project struct {
		Name string `yaml:"name"`
	}
	if err := yaml.Unmarshal(data, &project); err != nil { // JSON is YAML
		return s, fmt.Errorf("%s is not YAML", s.Project) // the cause may quote a value
	}
	s.Stack.Project = project.Name
	selected := machine.Getenv("PULUMI_STACK")
	if selected != "" {
		s.From = "PULUMI_STACK"
	} else if selected = selectedIn(machine, project.Name, s.Project); selected != "" {
		s.From = "the workspace, where it is selected"
	}
	parts := strings.Split(selected, "/")
	s.Name = parts[len(parts)-1]
	if len(parts) > 1 {
		s.Organization = parts[0]
	}
	return s, nil
}

// selectedIn returns the stack that the workspace of a project has selected.
func selectedIn(machine Machine, project, path string) string {
	sum := sha1.Sum([]byte(path))
	name := project + "-" + hex.EncodeToString(sum[:]) + "-workspace.json"
	data, err := readAtMost(filepath.Join(pulumiHome(machine), "workspaces", filepath.Base(name)), mostProject)
	var settings struct {
		Stack  string            `json:"stack"`
		Stacks map[string]string `json:"stacks"` // by backend, of newer CLIs
	}
	if err != nil || json.Unmarshal(data, &settings) != nil {
		return ""
	}
	stacks := slices.Compact(slices.Sorted(maps.Values(settings.Stacks)))
	switch len(stacks) {
	case 0:
		return settings.Stack
	case 1:
		return stacks[0]
	default:
		return ""
	}
}

// Where says where the tables of other stacks are read from, fit to be shown.
func Where(settings Settings, machine Machine) (string, error) {
	if settings.Source != "" {
		return "the index " + public(settings.Source), nil
	}
	b, err := findBackend(machine)
	switch {
	case err != nil:
		return "", err
	case b.folder != "":
		return "the stacks in the folder " + b.folder, nil
	case b.cloud != "":
		return "Pulumi Cloud at " + b.name, nil
	default:
		return "the backend " + b.name, nil
	}
}

var errNoFile = errors.New("not a file")

// readAtMost reads a file of a size.
func readAtMost(path string, most int64) ([]byte, error) {
	if !isFile(path) {
		return nil, errNoFile
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("larger than %d bytes", most)
	}
	return data, err
}
