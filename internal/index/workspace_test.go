package index

import (
	"crypto/sha1"
	"encoding/hex"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSelected: the stack is that of PULUMI_STACK, else the one that the workspace has selected, as newer and older CLIs keep it.
func TestSelected(t *testing.T) {
	const byWorkspace = "the workspace, where it is selected"
	dev := Stack{Organization: "acme", Project: "shop", Name: "dev"}
	for _, c := range []struct {
		name, project, settings string
		variables               []string
		want                    Selection
		wrong                   string
	}{
		{"no project", "", "", nil, Selection{}, ""},
		{"nothing selected", "name: shop", "", nil, Selection{Stack: Stack{Project: "shop"}}, ""},
		{"by the older CLI", "name: shop", `{"stack":"acme/shop/dev"}`, nil, Selection{Stack: dev, From: byWorkspace}, ""},
		{"by the newer CLI", "'name': \"shop\"\n", `{"stack":"old","stacks":{"https://app.pulumi.com":"acme/shop/dev"}}`, nil,
			Selection{Stack: dev, From: byWorkspace}, ""},
		{"the same in two backends", "name: shop", `{"stacks":{"a":"acme/dev","b":"acme/dev"}}`, nil, Selection{Stack: dev, From: byWorkspace}, ""},
		{"another in each backend", "name: shop", `{"stack":"old","stacks":{"a":"dev","b":"prod"}}`, nil, Selection{Stack: Stack{Project: "shop"}}, ""},
		{"by the environment", "name: shop", `{"stack":"acme/shop/prod"}`, []string{"PULUMI_STACK=dev"},
			Selection{Stack: Stack{Project: "shop", Name: "dev"}, From: "PULUMI_STACK"}, ""},
		{"settings that are none", "name: shop", `[]`, nil, Selection{Stack: Stack{Project: "shop"}}, ""},
		{"a project that is none", "name: [", "", nil, Selection{}, "Pulumi.yaml: is not the YAML of a project"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := machine(t, c.variables...)
			path := filepath.Join(m.Folder, "Pulumi.yaml")
			if c.project != "" {
				write(t, path, c.project)
				c.want.Project = path
			}
			if c.settings != "" {
				sum := sha1.Sum([]byte(path))
				write(t, filepath.Join(m.Home, ".pulumi", "workspaces", "shop-"+hex.EncodeToString(sum[:])+"-workspace.json"), c.settings)
			}
			got, err := Selected(t.Context(), m)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if c.wrong != "" && (err == nil || err.Error() != filepath.Join(m.Folder, c.wrong)) || c.wrong == "" && err != nil {
				t.Errorf("%v, want %q", err, c.wrong)
			}
		})
	}
}
