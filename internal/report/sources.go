package report

import (
	"path"
	"strings"
)

// Sources are the folders that the sources of projects are in, by the name of the project, relative to the root of the repository and
// with slashes. That of the empty name is of every other project.
type Sources map[string]string

// place is where a position is in the repository. What has no position there is in the file that every project has, as far as it is
// known where that is. It is nil where nothing is known.
func (s Sources) place(project string, at *Position) *Position {
	folder, ok := s[project]
	if !ok {
		folder, ok = s[""]
	}
	if at != nil && at.Line > 0 {
		// One of an SDK may lead out of the project, and of the repository.
		if file := path.Join(folder, at.File); file != ".." && !strings.HasPrefix(file, "../") {
			return &Position{File: file, Line: at.Line}
		}
	}
	if ok {
		return &Position{File: path.Join(folder, "Pulumi.yaml"), Line: 1}
	}
	return nil
}

// file is place for who takes nothing that is in no file: where nothing is known the project is at the root of the repository.
func (s Sources) file(project string, at *Position) *Position {
	if place := s.place(project, at); place != nil {
		return place
	}
	return &Position{File: "Pulumi.yaml", Line: 1}
}
