package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/policies"
)

var update = flag.Bool("update", false, "write the programs of the policies' pages")

const pages = "../testdata/pages"

// TestPages runs the programs of each policy's page, with all policies at their
// default levels but for the page's configuration. Of one the policy says what
// the page shows, of the other nothing is said.
func TestPages(t *testing.T) {
	var everything harness.About
	for _, p := range policies.All() {
		everything = append(everything, p.Name)
	}
	for _, p := range policies.All() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(pages, p.Name)
			options := []harness.Option{}
			if config, err := os.ReadFile(filepath.Join(folder, "config.json")); err == nil {
				options = append(options, harness.PackConfig(string(config)))
			}
			finding, err := os.ReadFile(filepath.Join(folder, "finding.txt"))
			if err != nil {
				t.Fatal(err)
			}
			s := harness.NewYAML(t, everything, project(t, folder, "bad"), options...)
			addOthers(t, s, folder)
			bad := s.Foresee()
			want := []string{}
			for line := range strings.Lines(string(finding)) {
				want = append(want, strings.TrimSuffix(line, "\n"))
			}
			for i, line := range bad.Policy {
				bad.Policy[i] = stateOf.ReplaceAllString(line, "")
			}
			if diff := cmp.Diff(want, bad.Policy); diff != "" {
				t.Errorf("of the program that violates the policy (-finding.txt +said):\n%s\n%s", diff, bad.Output)
			}
			if stops := strings.HasPrefix(string(finding), "mandatory "); stops != (bad.ExitCode != 0) {
				t.Errorf("exit code %d", bad.ExitCode)
			}

			s = harness.NewYAML(t, everything, project(t, folder, "good"), options...)
			addOthers(t, s, folder)
			check(t, "preview of the program that does not", s.Foresee(), passes())
		})
	}
}

// project returns a folder with a program of a page as a project, which works
// in a region.
func project(t *testing.T, page, side string) string {
	t.Helper()
	program, err := os.ReadFile(filepath.Join(page, side+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	program = append(program, "config:\n  aws:region: us-east-1\n"...)
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "Pulumi.yaml"), program, 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// addOthers writes states of other stacks into the backend, with the tables that
// a page names.
func addOthers(t *testing.T, s *harness.Stack, page string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(page, "others.yaml"))
	if os.IsNotExist(err) {
		return
	}
	var others []struct{ Stack, Account, Region, Name string }
	if err := errors.Join(err, yaml.Unmarshal(text, &others)); err != nil {
		t.Fatal(err)
	}
	for _, other := range others {
		project, stack, _ := strings.Cut(other.Stack, "/")
		state := fmt.Sprintf(`{"version":3,"checkpoint":{"latest":{"resources":[{"urn":"urn:pulumi:%s::%s::%[3]s::%[4]s","type":%[3]q,`+
			`"inputs":{"name":%[4]q},"outputs":{"name":%[4]q,"arn":"arn:aws:dynamodb:%[5]s:%[6]s:table/%[4]s"}}]}}}`,
			stack, project, "aws:dynamodb/table:Table", other.Name, other.Region, other.Account)
		file := filepath.Join(s.Sandbox().Dir(), "backend", ".pulumi", "stacks", project, stack+".json")
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(state), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPageLanguages writes the programs of the pages in TypeScript, Python and
// Go once more, by Pulumi's own generators: those that the pages show are of the
// programs in YAML, which run. With -update it writes them there. Those in Go
// compile with the SDK of the AWS provider.
func TestPageLanguages(t *testing.T) {
	programs, err := filepath.Glob(filepath.Join(pages, "*", "[bg]*d.yaml"))
	if err != nil || len(programs) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	folder := t.TempDir()
	s := harness.NewYAML(t, harness.About{}, project(t, filepath.Dir(programs[0]), "bad"), harness.Versions("7.40.0"))
	schema, problem, code := s.RunPulumi("package", "get-schema", "aws@7.40.0")
	if code != 0 {
		t.Fatal(problem)
	}
	if err := os.WriteFile(filepath.Join(folder, "aws.json"), []byte(schema), 0o600); err != nil {
		t.Fatal(err)
	}
	eject := exec.CommandContext(t.Context(), harness.Eject(t), append([]string{"-schemas", folder, "-o", folder}, programs...)...)
	if out, err := eject.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	overlay := map[string]map[string]string{"Replace": {}}
	build := []string{"build", "-overlay", filepath.Join(folder, "overlay.json")}
	for _, source := range programs {
		policy, side := filepath.Base(filepath.Dir(source)), strings.TrimSuffix(filepath.Base(source), ".yaml")
		for _, extension := range []string{".ts", ".py", ".go"} {
			generated := filepath.Join(folder, policy, side+extension)
			want, err := os.ReadFile(generated)
			if err != nil {
				t.Fatal(err)
			}
			shown := filepath.Join(pages, policy, side+extension)
			if *update {
				if err := os.WriteFile(shown, want, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := os.ReadFile(shown)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s is not what %s says; run go test . -run TestPageLanguages -update (-want +got):\n%s", shown, source, diff)
			}
		}
		// It compiles in a folder of this module that is not there, since the module has the SDKs; as a package that is
		// no command, which would be linked.
		program, err := os.ReadFile(filepath.Join(folder, policy, side+".go"))
		if err != nil {
			t.Fatal(err)
		}
		library := filepath.Join(folder, policy, side+"_library.go")
		if err := os.WriteFile(library, bytes.Replace(program, []byte("package main"), []byte("package page"), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		beside := fmt.Sprintf("pages/%s/%s", policy, side)
		at, err := filepath.Abs(filepath.Join(beside, "page.go"))
		if err != nil {
			t.Fatal(err)
		}
		overlay["Replace"][at] = library
		build = append(build, "./"+beside)
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "overlay.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", build...).CombinedOutput(); err != nil {
		t.Errorf("the programs in Go do not compile: %v\n%s", err, out)
	}
}
