package index

import (
	"context"
	"path/filepath"
)

// A StateFile is the newest file with the state of a stack in a backend that is a folder.
type StateFile struct {
	Stack string // project/stack, or the stack alone in the older layout
	Path  string
}

// States lists the states of a backend that is a folder, the one that .pulumi is in. unreadable says what could not be listed.
func States(ctx context.Context, folder string) (states []StateFile, unreadable []string, err error) {
	found, err := list(ctx, filepath.Join(folder, ".pulumi"), realistic)
	if err != nil {
		return nil, nil, plainError(err)
	}
	for _, f := range found.files {
		states = append(states, StateFile{Stack: f.stack, Path: f.path})
	}
	return states, found.unreadable, nil
}
