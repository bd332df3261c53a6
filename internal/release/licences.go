package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"dynamoguard/internal/compile"
)

// A module is one that binaries of the pack contain code of.
type module struct {
	Path     string
	Version  string   // empty for the standard library, which is that of whichever Go compiles
	Licences []string // by their SPDX identifiers, sorted; all of them hold
	texts    []legal
}

// standardLibrary is the name that vulnerability databases have for Go's own code.
const standardLibrary = "std"

// A legal is a text that must go with the code of a module.
type legal struct {
	file string // below the module's folder
	text string
}

// A pkg is what `go list` says of a package that is linked.
type pkg struct {
	ImportPath string
	Dir        string
	Standard   bool
	Imports    []string
	Module     *struct {
		Path, Version, Dir string
		Main               bool
	}
}

// module returns the path of the package's module; of the pack's own it is empty.
func (p pkg) module() string {
	switch {
	case p.Standard:
		return standardLibrary
	case p.Module == nil || p.Module.Main:
		return ""
	}
	return p.Module.Path
}

// linked returns the packages that are in the binary for a platform.
func linked(root string, on compile.Platform) ([]pkg, error) {
	out, err := on.Go(context.Background(), root, "list", "-deps", "-json=ImportPath,Dir,Standard,Imports,Module", ".")
	if err != nil {
		return nil, err
	}
	var all []pkg
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		all = append(all, p)
	}
}

// thirdParty returns the modules other than the pack's own that any of the binaries contains code of, sorted, with their licences.
func thirdParty(root string, on []compile.Platform) ([]module, error) {
	modules, folders := map[string]module{}, map[string]string{}
	below := map[string][]string{} // of a module, the folders of packages
	for _, p := range on {
		packages, err := linked(root, p)
		if err != nil {
			return nil, err
		}
		for _, pkg := range packages {
			path := pkg.module()
			switch {
			case path == "":
				continue
			case pkg.Standard:
				modules[path] = module{Path: path}
				continue
			}
			modules[path] = module{Path: path, Version: pkg.Module.Version}
			folders[path] = pkg.Module.Dir
			below[path] = append(below[path], pkg.Dir)
		}
	}
	out, err := compile.Platforms[0].Go(context.Background(), root, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	folders[standardLibrary] = strings.TrimSpace(string(out))

	var all []module
	for path, m := range modules {
		if m.texts, err = legalIn(folders[path], below[path]); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if m.Licences, err = identify(m.texts); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

var (
	legalFile   = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)(\.(txt|md))?$`)
	licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying)`)
)

// legalIn returns the texts of a module's folder, and of the folders between it and those of packages, sorted.
func legalIn(root string, packages []string) ([]legal, error) {
	folders := map[string]bool{root: true}
	for _, folder := range packages {
		for ; !folders[folder]; folder = filepath.Dir(folder) {
			folders[folder] = true
		}
	}
	var all []legal
	for folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if !entry.Type().IsRegular() || !legalFile.MatchString(entry.Name()) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
			if err != nil {
				return nil, err
			}
			name, err := filepath.Rel(root, filepath.Join(folder, entry.Name()))
			if err != nil {
				return nil, err
			}
			all = append(all, legal{filepath.ToSlash(name), strings.ReplaceAll(string(text), "\r\n", "\n")})
		}
	}
	slices.SortFunc(all, func(a, b legal) int { return strings.Compare(a.file, b.file) })
	return all, nil
}

// identified are the licences that are known here, each by words that it alone has. Another one is for a person to read first.
var identified = []struct{ id, words, not string }{
	{"Apache-2.0", "apache license version 2.0, january 2004", ""},
	{"Apache-2.0", "licensed under the apache license, version 2.0", ""},
	{"MIT", "permission is hereby granted, free of charge, to any person obtaining a copy", ""},
	{"BSD-3-Clause", "neither the name of", ""},
	{"BSD-2-Clause", "redistributions of source code must retain", "neither the name of"},
	{"ISC", "permission to use, copy, modify, and/or distribute this software", ""},
}

// identify returns the licences that the texts of a module are, by their SPDX identifiers.
func identify(texts []legal) ([]string, error) {
	var ids []string
	for _, t := range texts {
		if !licenceFile.MatchString(t.file[strings.LastIndex(t.file, "/")+1:]) {
			continue
		}
		known := false
		words := strings.ToLower(strings.Join(strings.Fields(t.text), " "))
		for _, licence := range identified {
			if strings.Contains(words, licence.words) && (licence.not == "" || !strings.Contains(words, licence.not)) {
				known = true
				ids = append(ids, licence.id)
			}
		}
		if !known {
			return nil, fmt.Errorf("%s is a licence that is not known here; read it, and see whether the pack may contain such code", t.file)
		}
	}
	if ids == nil {
		return nil, errors.New("there is no licence")
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// thirdPartyFile is the page on the licences of what the binaries contain, which goes with them.
const thirdPartyFile = "THIRD-PARTY-LICENSES.md"

// thirdPartyPage writes that page: the modules, then each text once, with whose it is.
func thirdPartyPage(modules []module) []byte {
	var b bytes.Buffer
	b.WriteString(`# Licences of what the binaries contain

DynamoGuard itself is under the Apache License 2.0, in the file LICENSE. A binary contains code of these modules as well, for one
platform or for all, and of nothing else.

| Module | Version | Licence |
|---|---|---|
`)
	type holder struct{ file, module string }
	holders := map[string][]holder{}
	var order []string
	for _, m := range modules {
		path, version := m.Path, m.Version
		if path == standardLibrary {
			path, version = "the standard library of Go", "as `--version` says"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", path, version, strings.Join(m.Licences, " and "))
		for _, t := range m.texts {
			text := strings.Trim(t.text, "\n")
			if holders[text] == nil {
				order = append(order, text)
			}
			holders[text] = append(holders[text], holder{t.file, path})
		}
	}
	for _, text := range order {
		b.WriteString("\n## ")
		for i, h := range holders[text] {
			if i > 0 {
				b.WriteString("; ")
			}
			b.WriteString(h.file + " of " + h.module)
		}
		b.WriteString("\n\n```\n" + text + "\n```\n")
	}
	return b.Bytes()
}
