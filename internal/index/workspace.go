package index

import (
	"context"
	"crypto/sha1" // the CLI names its files so
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"dynamoguard/internal/files"
)

// A Stack is what the CLI writes as organization/project/name; of each it may not be known.
type Stack struct{ Organization, Project, Name string }

// A Selection is the stack that the CLI would run in a folder, as far as that can be told, and what tells.
type Selection struct {
	Stack
	Project string // path of the project's file; empty where there is none
	From    string // what selects the stack; empty where nothing does
}

// Selected finds out which stack the CLI would run in the machine's folder: that of PULUMI_STACK, else the one that the workspace
// has selected. One that has another selected for each of several backends tells nothing.
//
// Sources: https://github.com/pulumi/pulumi/blob/master/pkg/backend/state/stacks.go and
// https://github.com/pulumi/pulumi/blob/master/pkg/workspace/workspace.go
func Selected(ctx context.Context, machine Machine) (Selection, error) {
	s := Selection{Project: findProject(machine.Folder)}
	if s.Project == "" {
		return s, nil
	}
	project, err := readProject(ctx, s.Project)
	if err != nil {
		return s, fmt.Errorf("%s: %w", s.Project, plainError(err))
	}
	s.Stack.Project = project.Name
	selected := machine.Getenv("PULUMI_STACK")
	if selected != "" {
		s.From = "PULUMI_STACK"
	} else if selected = selectedIn(ctx, machine, project.Name, s.Project); selected != "" {
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
func selectedIn(ctx context.Context, machine Machine, project, path string) string {
	sum := sha1.Sum([]byte(path))
	name := project + "-" + hex.EncodeToString(sum[:]) + "-workspace.json"
	data, err := files.Read(ctx, filepath.Join(pulumiHome(machine), "workspaces", filepath.Base(name)), mostSettings)
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
