package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestReleaseWorkflow reads the workflow as GitHub does, and holds what makes it safe to have: it runs for tags alone, each action is the commit
// that somebody looked at, no job may do more than it has to, and nothing of the event is pasted into a script.
func TestReleaseWorkflow(t *testing.T) {
	text := read(t, root, ".github", "workflows", "release.yml")
	var workflow struct {
		Name        string
		On          map[string]map[string][]string
		Permissions *map[string]string
		Concurrency map[string]string
		Jobs        map[string]struct {
			Needs       string
			RunsOn      string `yaml:"runs-on"`
			Timeout     int    `yaml:"timeout-minutes"`
			Permissions *map[string]string
			Strategy    struct {
				Matrix struct{ Include []map[string]string }
			}
			Steps []struct {
				Name, Uses, Run  string
				With             map[string]string
				Env              map[string]string
				WorkingDirectory string `yaml:"working-directory"`
			}
		}
	}
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&workflow); err != nil {
		t.Fatal(err)
	}
	if len(workflow.On) != 1 || !slices.Equal(workflow.On["push"]["tags"], []string{"v*"}) {
		t.Errorf("it runs on %v", workflow.On)
	}
	if workflow.Permissions == nil || len(*workflow.Permissions) != 0 {
		t.Errorf("what no job asks for is permitted: %v", workflow.Permissions)
	}
	may := map[string]map[string]string{
		"build":   {"contents": "read"},
		"publish": {"contents": "write", "id-token": "write", "attestations": "write"},
	}
	pinned := regexp.MustCompile(`^actions/[a-z-]+@[0-9a-f]{40}$`)
	commented := regexp.MustCompile(`(?m)^ +- uses: actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	uses := 0
	for name, job := range workflow.Jobs {
		if job.Permissions == nil || len(*job.Permissions) != len(may[name]) {
			t.Errorf("%s may %v, want %v", name, job.Permissions, may[name])
		} else {
			for what, how := range *job.Permissions {
				if may[name][what] != how {
					t.Errorf("%s may %s %s", name, how, what)
				}
			}
		}
		if job.Timeout == 0 || len(job.Steps) == 0 {
			t.Errorf("%s has %d minutes for %d steps", name, job.Timeout, len(job.Steps))
		}
		for _, step := range job.Steps {
			switch {
			case (step.Uses == "") == (step.Run == ""):
				t.Errorf("%s has a step that is neither an action nor a script: %+v", name, step)
			case step.Uses != "":
				uses++
				if !pinned.MatchString(step.Uses) {
					t.Errorf("%s uses %s, which is no commit", name, step.Uses)
				}
				if strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] != "false" {
					t.Errorf("%s leaves its token to what it builds", name)
				}
			case strings.Contains(step.Run, "${{"):
				t.Errorf("%s pastes an expression into a script: %s", name, step.Run)
			}
		}
	}
	if n := len(commented.FindAllString(text, -1)); uses == 0 || n != uses {
		t.Errorf("of %d actions %d say which version they are", uses, n)
	}
	// Two machines, two folders; what both made is compared before anything is attested, and attested before it is published.
	build := workflow.Jobs["build"].Strategy.Matrix.Include
	if len(build) != 2 || build[0]["machine"] == build[1]["machine"] || filepath.Dir(build[0]["folder"]) == filepath.Dir(build[1]["folder"]) {
		t.Errorf("it builds on %v", build)
	}
	publish, order := workflow.Jobs["publish"], []string{}
	for _, step := range publish.Steps {
		for _, part := range []string{"diff -r " + build[0]["machine"] + " " + build[1]["machine"], "sha256sum -c", "attest-build-provenance", "gh release create"} {
			if strings.Contains(step.Run+step.Uses, part) {
				order = append(order, strings.Fields(part)[0])
			}
		}
	}
	if publish.Needs != "build" || !slices.Equal(order, []string{"diff", "sha256sum", "attest-build-provenance", "gh"}) {
		t.Errorf("publish needs %q, and does %q", publish.Needs, order)
	}
}
