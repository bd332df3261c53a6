package overlay_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/overlay"
)

// write makes files below a folder: what each holds, by path. A path that ends with a slash is a folder.
func write(t *testing.T, folder string, contents map[string]string) {
	t.Helper()
	for name, content := range contents {
		path := filepath.Join(folder, filepath.FromSlash(name))
		parent := filepath.Dir(path)
		if name[len(name)-1] == '/' {
			parent = path
		}
		if err := os.MkdirAll(parent, 0o700); err != nil {
			t.Fatal(err)
		}
		if parent != path {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// tree returns what is below a folder: of a file its content, of a link -> and its target, of a folder nothing.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		name, err := filepath.Rel(folder, path)
		name = filepath.ToSlash(name)
		switch {
		case err != nil:
		case entry.IsDir():
			all[name+"/"] = ""
		case entry.Type() == fs.ModeSymlink:
			var target string
			target, err = os.Readlink(path)
			all[name] = "-> " + target
		default:
			var content []byte
			content, err = os.ReadFile(path)
			all[name] = string(content)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func same(t *testing.T, what string, want, got map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// lay lays a home over one that holds some files.
func lay(t *testing.T, contents map[string]string) (home *overlay.Home, real string) {
	t.Helper()
	real = filepath.Join(t.TempDir(), ".pulumi")
	write(t, real, contents)
	home, err := overlay.New(t.Context(), filepath.Join(t.TempDir(), "home"), real, "/bin/dynamoguard")
	if err != nil {
		t.Fatal(err)
	}
	return home, real
}

// TestNew: all that a home holds is there, and an AWS plugin is a forwarder.
func TestNew(t *testing.T) {
	home, real := lay(t, map[string]string{
		"credentials.json":     "{}",
		"workspaces/shop.json": "{}",
		"plugins/resource-aws-v7.40.0/pulumi-resource-aws":                                    "aws",
		"plugins/resource-aws-v7.40.0/schema.json":                                            "{}",
		"plugins/resource-aws-v7.40.0.lock":                                                   "",
		"plugins/resource-aws-v6.0.0-alpha.1+5e2d/pulumi-resource-aws":                        "aws",
		"plugins/resource-aws-native-v1.79.0/pulumi-resource-aws-native":                      "aws-native",
		"plugins/resource-aws-apigateway-v2.6.0/pulumi-resource-aws-apigateway":               "other",
		"plugins/resource-aws-v5.0.0/PulumiPlugin.yaml":                                       "runtime: go",
		"plugins/resource-aws-v7.39.0/pulumi-resource-aws":                                    "half of it",
		"plugins/resource-aws-v7.39.0.partial":                                                "",
		"plugins/resource-aws-v7.39.0.lock":                                                   "",
		"plugins/resource-github.com_acme_thing.git-v0.0.0-x1234/node_modules/thing/index.js": "",
	})
	want := map[string]string{
		"credentials.json":              "-> " + real + "/credentials.json",
		"workspaces":                    "-> " + real + "/workspaces",
		"plugins/":                      "",
		"plugins/resource-aws-v7.40.0/": "",
		"plugins/resource-aws-v7.40.0/pulumi-resource-aws":                      "-> /bin/dynamoguard",
		"plugins/resource-aws-v7.40.0/schema.json":                              "-> " + real + "/plugins/resource-aws-v7.40.0/schema.json",
		"plugins/resource-aws-v7.40.0.lock":                                     "-> " + real + "/plugins/resource-aws-v7.40.0.lock",
		"plugins/resource-aws-v6.0.0-alpha.1+5e2d/":                             "",
		"plugins/resource-aws-v6.0.0-alpha.1+5e2d/pulumi-resource-aws":          "-> /bin/dynamoguard",
		"plugins/resource-aws-native-v1.79.0/":                                  "",
		"plugins/resource-aws-native-v1.79.0/pulumi-resource-aws-native":        "-> /bin/dynamoguard",
		"plugins/resource-aws-apigateway-v2.6.0/":                               "",
		"plugins/resource-aws-apigateway-v2.6.0/pulumi-resource-aws-apigateway": "-> " + real + "/plugins/resource-aws-apigateway-v2.6.0/pulumi-resource-aws-apigateway",
		"plugins/resource-aws-v5.0.0/":                                          "",
		"plugins/resource-aws-v5.0.0/PulumiPlugin.yaml":                         "-> " + real + "/plugins/resource-aws-v5.0.0/PulumiPlugin.yaml",
		"plugins/resource-github.com_acme_thing.git-v0.0.0-x1234/":              "",
		"plugins/resource-github.com_acme_thing.git-v0.0.0-x1234/node_modules":  "-> " + real + "/plugins/resource-github.com_acme_thing.git-v0.0.0-x1234/node_modules",
	}
	same(t, "the overlay", want, tree(t, home.Path()))
	before := tree(t, real)
	if installed, err := home.Installed(t.Context()); len(installed) > 0 || err != nil {
		t.Errorf("installed: %q, %v", installed, err)
	}
	if err := home.Adopt(t.Context()); err != nil {
		t.Error(err)
	}
	same(t, "the home after nothing was done", before, tree(t, real))
}

// TestNoHome: a machine on which Pulumi was never used.
func TestNoHome(t *testing.T) {
	real := filepath.Join(t.TempDir(), "none", ".pulumi")
	home, err := overlay.New(t.Context(), filepath.Join(t.TempDir(), "home"), real, "/bin/dynamoguard")
	if err != nil {
		t.Fatal(err)
	}
	if err := home.Adopt(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(real); err == nil {
		t.Error("the home was made, though nothing was put into it")
	}
	write(t, home.Path(), map[string]string{"plugins/resource-random-v4.0.0/pulumi-resource-random": "random", "schemas/random.json": "{}"})
	if err := home.Adopt(t.Context()); err != nil {
		t.Error(err)
	}
	same(t, "the home", map[string]string{
		"plugins/":                        "",
		"plugins/resource-random-v4.0.0/": "",
		"plugins/resource-random-v4.0.0/pulumi-resource-random": "random",
		"schemas/":            "",
		"schemas/random.json": "{}",
	}, tree(t, real))
}

// TestAdopt: what the CLI leaves is where it would be without the overlay.
func TestAdopt(t *testing.T) {
	home, real := lay(t, map[string]string{
		".cachedVersionInfo":                                    "old",
		"workspaces/shop.json":                                  "old",
		"plugins/resource-aws-v7.40.0/pulumi-resource-aws":      "aws",
		"plugins/resource-aws-v7.40.0/schema.json":              "old",
		"plugins/resource-random-v4.0.0/pulumi-resource-random": "random",
		"plugins/resource-random-v4.0.0.lastused":               "",
	})
	if err := os.Remove(filepath.Join(home.Path(), ".cachedVersionInfo")); err != nil { // replaced by a rename
		t.Fatal(err)
	}
	write(t, home.Path(), map[string]string{
		".cachedVersionInfo":                                "new",
		"workspaces/shop.json":                              "new",
		"workspaces/bank.json":                              "new",
		"schemas/aws-7.41.0.json":                           "{}",
		"plugins/resource-random-v4.0.0.lastused":           "now",
		"plugins/resource-aws-v7.40.0.lastused":             "now",
		"plugins/resource-aws-v7.40.0/schema-cache.json":    "new",
		"plugins/resource-aws-v7.41.0/pulumi-resource-aws":  "ours",
		"plugins/resource-aws-v7.41.0.lock":                 "",
		"plugins/resource-aws-v7.42.0/pulumi-resource-aws":  "ours",
		"plugins/resource-aws-v7.43.0/pulumi-resource-aws":  "half of it",
		"plugins/resource-aws-v7.43.0.partial":              "",
		"plugins/resource-thing-v1.0.0/PulumiPlugin.yaml":   "runtime: python",
		"plugins/resource-thing-v1.0.0/venv/pyvenv.cfg":     "",
		"plugins/resource-other-v1.0.0/PulumiPlugin.yaml":   "runtime: nodejs",
		"plugins/resource-other-v1.0.0/node_modules/a/b.js": "",
	})
	if err := os.Symlink("b.js", filepath.Join(home.Path(), "plugins/resource-other-v1.0.0/node_modules/a/c.js")); err != nil {
		t.Fatal(err)
	}
	installed, err := home.Installed(t.Context())
	if diff := cmp.Diff(map[string]bool{"resource-aws-v7.41.0": true, "resource-aws-v7.42.0": true}, set(installed)); diff != "" || err != nil {
		t.Errorf("installed: %v (-want +got):\n%s", err, diff)
	}
	// Another process was first.
	write(t, real, map[string]string{"plugins/resource-aws-v7.42.0/pulumi-resource-aws": "theirs"})
	if err := home.Adopt(t.Context()); err != nil {
		t.Error(err)
	}
	same(t, "the home", map[string]string{
		".cachedVersionInfo":      "new",
		"workspaces/":             "",
		"workspaces/shop.json":    "new",
		"workspaces/bank.json":    "new",
		"schemas/":                "",
		"schemas/aws-7.41.0.json": "{}",
		"plugins/":                "",
		"plugins/resource-random-v4.0.0.lastused":               "now",
		"plugins/resource-random-v4.0.0/":                       "",
		"plugins/resource-random-v4.0.0/pulumi-resource-random": "random",
		"plugins/resource-aws-v7.40.0.lastused":                 "now",
		"plugins/resource-aws-v7.40.0/":                         "",
		"plugins/resource-aws-v7.40.0/pulumi-resource-aws":      "aws",
		"plugins/resource-aws-v7.40.0/schema.json":              "old",
		"plugins/resource-aws-v7.40.0/schema-cache.json":        "new",
		"plugins/resource-aws-v7.41.0/":                         "",
		"plugins/resource-aws-v7.41.0/pulumi-resource-aws":      "ours",
		"plugins/resource-aws-v7.42.0/":                         "",
		"plugins/resource-aws-v7.42.0/pulumi-resource-aws":      "theirs",
		"plugins/resource-other-v1.0.0/":                        "",
		"plugins/resource-other-v1.0.0/PulumiPlugin.yaml":       "runtime: nodejs",
		"plugins/resource-other-v1.0.0/node_modules/":           "",
		"plugins/resource-other-v1.0.0/node_modules/a/":         "",
		"plugins/resource-other-v1.0.0/node_modules/a/b.js":     "",
		"plugins/resource-other-v1.0.0/node_modules/a/c.js":     "-> b.js",
	}, tree(t, real))
}

func set(names []string) map[string]bool {
	all := map[string]bool{}
	for _, name := range names {
		all[name] = true
	}
	return all
}
