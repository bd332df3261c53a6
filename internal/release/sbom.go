package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/compile"
)

// A bill is a software bill of materials in the form of CycloneDX 1.5: https://cyclonedx.org/docs/1.5/json/
type bill struct {
	Schema       string        `json:"$schema"`
	Format       string        `json:"bomFormat"`
	SpecVersion  string        `json:"specVersion"`
	SerialNumber string        `json:"serialNumber"`
	Version      int           `json:"version"`
	Metadata     billMetadata  `json:"metadata"`
	Components   []component   `json:"components"`
	Dependencies []dependency  `json:"dependencies"`
	Compositions []composition `json:"compositions"`
}

type billMetadata struct {
	Timestamp string    `json:"timestamp"`
	Component component `json:"component"`
}

type component struct {
	Type       string          `json:"type"`
	Ref        string          `json:"bom-ref"`
	Name       string          `json:"name"`
	Version    string          `json:"version"`
	Hashes     []hash          `json:"hashes,omitempty"`
	Licences   []licenceChoice `json:"licenses"`
	PURL       string          `json:"purl"` // https://github.com/package-url/purl-spec
	Properties []property      `json:"properties,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type licenceChoice struct {
	Expression string `json:"expression"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn"`
}

type composition struct {
	Aggregate  string   `json:"aggregate"`
	Assemblies []string `json:"assemblies"`
}

// billOfMaterials lists what a binary says that it was compiled from: the modules in its build information, with the licences that were
// found in them, and which of them calls which. It is an error if the binary names others than those that its packages are from.
func billOfMaterials(content []byte, p compile.Platform, version string, of compile.Commit, packages []pkg, modules []module) ([]byte, error) {
	info, err := buildinfo.Read(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	licences := map[string]string{}
	for _, m := range modules {
		licences[m.Path] = strings.Join(m.Licences, " AND ")
	}
	main := component{
		Type: "application", Ref: purl(info.Main.Path, "v"+version) + "?goarch=" + p.Arch + "&goos=" + p.OS,
		Name: compile.Name + p.Suffix(), Version: version,
		Hashes:   []hash{{"SHA-256", checksum(content)}},
		Licences: []licenceChoice{{"Apache-2.0"}},
		Properties: []property{
			{"dynamoguard:commit", of.Hash}, {"dynamoguard:platform", p.String()}, {"dynamoguard:go", info.GoVersion},
		},
	}
	main.PURL = main.Ref
	library := func(path, version string) (component, error) {
		if licences[path] == "" {
			return component{}, fmt.Errorf("the binary contains code of %s, which is not among the modules that its packages are from", path)
		}
		ref := purl(path, version)
		return component{Type: "library", Ref: ref, Name: path, Version: version, PURL: ref, Licences: []licenceChoice{{licences[path]}}}, nil
	}
	std, err := library(standardLibrary, strings.TrimPrefix(info.GoVersion, "go"))
	if err != nil {
		return nil, err
	}
	b := bill{
		Schema: "http://cyclonedx.org/schema/bom-1.5.schema.json", Format: "CycloneDX", SpecVersion: "1.5", Version: 1,
		SerialNumber: "urn:uuid:" + uuid(content),
		Metadata:     billMetadata{of.Time.Format(time.RFC3339), main},
		Components:   []component{std},
		// No binary has more in it than its packages.
		Compositions: []composition{{"complete", []string{main.Ref}}},
	}
	refs := map[string]string{"": main.Ref, standardLibrary: std.Ref}
	for _, m := range info.Deps {
		c, err := library(m.Path, m.Version)
		if err != nil {
			return nil, err
		}
		// The hash of a module is one of its files' hashes, by which go.sum and the checksum database know it.
		c.Properties = []property{{"dynamoguard:go.sum", m.Sum}}
		b.Components = append(b.Components, c)
		refs[m.Path] = c.Ref
	}
	slices.SortFunc(b.Components, func(a, b component) int { return strings.Compare(a.Ref, b.Ref) })
	if b.Dependencies, err = dependencies(packages, refs); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // what a purl has is no markup
	encoder.SetIndent("", "  ")
	err = encoder.Encode(b)
	return text.Bytes(), err
}

// dependencies returns which module's packages import those of which others, sorted. refs are the names of modules by their paths.
func dependencies(packages []pkg, refs map[string]string) ([]dependency, error) {
	moduleOf := map[string]string{}
	for _, p := range packages {
		moduleOf[p.ImportPath] = p.module()
	}
	on := map[string][]string{}
	for _, ref := range refs {
		on[ref] = []string{}
	}
	for _, p := range packages {
		from, ok := refs[p.module()]
		if !ok {
			return nil, fmt.Errorf("package %s is of %s, of which the binary says nothing", p.ImportPath, p.module())
		}
		for _, imported := range p.Imports {
			module, ok := moduleOf[imported]
			if !ok {
				return nil, fmt.Errorf("package %s imports %s, which is not linked", p.ImportPath, imported)
			}
			if refs[module] != from {
				on[from] = append(on[from], refs[module])
			}
		}
	}
	var all []dependency
	for ref, others := range on {
		slices.Sort(others)
		all = append(all, dependency{ref, slices.Compact(others)})
	}
	slices.SortFunc(all, func(a, b dependency) int { return strings.Compare(a.Ref, b.Ref) })
	return all, nil
}

// purl names a module.
func purl(path, version string) string { return "pkg:golang/" + path + "@" + version }

// uuid returns a UUID that follows from a content: of version 8, RFC 9562, which leaves it to its maker how.
func uuid(content []byte) string {
	sum := sha256.Sum256(content)
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
