// Command eject writes Pulumi programs in YAML in the other languages, by
// Pulumi's own generators.
//
// Its arguments are programs, each a file: of DIR/NAME/bad.yaml it writes
// NAME/bad.ts, NAME/bad.py and NAME/bad.go into the folder of -o. The schemas of
// the packages that the programs use are files in the folder of -schemas:
// aws.json and so on.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/blang/semver"
	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/pulumi-yaml/pkg/pulumiyaml"
	yaml "github.com/pulumi/pulumi-yaml/pkg/pulumiyaml/codegen"
	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// languages are the generators, by the extension of what they write.
var languages = map[string]func(*pcl.Program) (map[string][]byte, hcl.Diagnostics, error){
	".ts": nodejs.GenerateProgram,
	".py": python.GenerateProgram,
	".go": golang.GenerateProgram,
}

func main() {
	schemas := flag.String("schemas", ".", "folder of the packages' schemas")
	out := flag.String("o", ".", "folder to write to")
	flag.Parse()
	load := &loader{folder: *schemas, loaded: map[string]schema.PackageReference{}}
	for _, file := range flag.Args() {
		if err := eject(file, *out, load); err != nil {
			fmt.Fprintf(os.Stderr, "eject: %s: %v\n", file, err)
			os.Exit(1)
		}
	}
}

// eject writes a program in every language.
func eject(file, out string, load schema.ReferenceLoader) error {
	source, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	folder := filepath.Join(out, filepath.Base(filepath.Dir(file)))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	for extension, generate := range languages {
		program, err := read(file, source, load) // anew, since a generator rewrites what it is given
		if err != nil {
			return err
		}
		generated, mistakes, err := generate(program)
		if err := errors.Join(err, mistakesIn(mistakes)); err != nil {
			return fmt.Errorf("%s: %w", extension, err)
		}
		if len(generated) != 1 {
			return fmt.Errorf("%s: the program has %d files", extension, len(generated))
		}
		for _, text := range generated {
			if err := os.WriteFile(filepath.Join(folder, name+extension), text, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// read reads a program in YAML.
func read(file string, source []byte, load schema.ReferenceLoader) (*pcl.Program, error) {
	template, wrong, err := pulumiyaml.LoadYAMLBytes(file, source)
	if err := errors.Join(err, mistakesIn(wrong.HCL())); err != nil {
		return nil, err
	}
	program, mistakes, err := yaml.EjectProgram(template, load)
	return program, errors.Join(err, mistakesIn(mistakes))
}

// mistakesIn returns diagnostics as an error, warnings among them: a program of
// a page has none.
func mistakesIn(diagnostics hcl.Diagnostics) error {
	if len(diagnostics) == 0 {
		return nil
	}
	return diagnostics
}

// A loader loads the schemas in a folder.
type loader struct {
	folder string
	loaded map[string]schema.PackageReference
}

func (l *loader) LoadPackageReference(name string, _ *semver.Version) (schema.PackageReference, error) {
	if known := l.loaded[name]; known != nil {
		return known, nil
	}
	text, err := os.ReadFile(filepath.Join(l.folder, name+".json"))
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, err
	}
	if err := complete(&spec); err != nil {
		return nil, err
	}
	pkg, err := schema.ImportSpec(spec, nil, schema.ValidationOptions{AllowDanglingReferences: true})
	if err != nil {
		return nil, err
	}
	l.loaded[name] = pkg.Reference()
	return l.loaded[name], nil
}

// complete adds what a stand-in's schema lacks: where the Go SDK is, and that
// documents, which take values of any type, are given as text.
func complete(spec *schema.PackageSpec) error {
	version, err := semver.Parse(spec.Version)
	if err != nil {
		return err
	}
	spec.Language = map[string]schema.RawMessage{"go": schema.RawMessage(fmt.Sprintf(
		`{"importBasePath": "github.com/pulumi/pulumi-%s/sdk/v%d/go/%[1]s"}`, spec.Name, version.Major))}
	for _, r := range spec.Resources {
		for name, property := range r.InputProperties {
			if property.Ref == "pulumi.json#/Any" {
				r.InputProperties[name] = schema.PropertySpec{TypeSpec: schema.TypeSpec{Type: "string"}}
			}
		}
	}
	return nil
}

func (l *loader) LoadPackage(name string, version *semver.Version) (*schema.Package, error) {
	reference, err := l.LoadPackageReference(name, version)
	if err != nil {
		return nil, err
	}
	return reference.Definition()
}

func (l *loader) LoadPackageReferenceV2(_ context.Context, d *schema.PackageDescriptor) (schema.PackageReference, error) {
	return l.LoadPackageReference(d.Name, d.Version)
}

func (l *loader) LoadPackageV2(_ context.Context, d *schema.PackageDescriptor) (*schema.Package, error) {
	return l.LoadPackage(d.Name, d.Version)
}
