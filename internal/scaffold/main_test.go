package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestScaffold starts a policy in a copy of the module, whose policies must pass then, the new one among them.
func TestScaffold(t *testing.T) {
	root := copyModule(t)
	written, err := scaffold(root, "table-scaffolded")
	if err != nil {
		t.Fatal(err)
	}
	const page = "testdata/pages/table-scaffolded/"
	want := []string{
		"policies/policies.go", "policies/table_scaffolded.go", "testdata/policies/table-scaffolded/example.yaml",
		page + "bad.yaml", page + "good.yaml", page + "config.json",
	}
	for i, file := range want {
		want[i] = filepath.FromSlash(file)
	}
	if diff := cmp.Diff(want, written); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	t.Setenv("GOPROXY", "off")
	if err := generate(root); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"vet", "./policies"}, {"test", "./policies"}} {
		command := exec.Command("go", args...)
		command.Dir = root
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", command, err, out)
		}
	}
}

// copyModule copies what the policies are built of and tested with.
func copyModule(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, folder := range []string{
		"docs", "internal", "policies", "testdata/pages", "testdata/policies", "testdata/published", "testdata/reported", "testdata/rpc", "testdata/twins",
	} {
		folder = filepath.FromSlash(folder)
		if err := os.CopyFS(filepath.Join(root, folder), os.DirFS(filepath.Join("..", "..", folder))); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"go.mod", "go.sum", "README.md"} {
		data, err := os.ReadFile(filepath.Join("..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, file), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestRefusedNames(t *testing.T) {
	for name, want := range map[string]string{
		"":                   `"" is not in kebab-case: small letters, words joined with hyphens`,
		"Table-something":    `"Table-something" is not in kebab-case: small letters, words joined with hyphens`,
		"table_something":    `"table_something" is not in kebab-case: small letters, words joined with hyphens`,
		"table-":             `"table-" is not in kebab-case: small letters, words joined with hyphens`,
		"../table":           `"../table" is not in kebab-case: small letters, words joined with hyphens`,
		"table-load-test":    `"table-load-test" would be in a file of tests`,
		"table-encryption":   `"table-encryption" is taken: there is ` + filepath.FromSlash("policies/table_encryption.go"),
		"documents":          `"documents" is taken: there is ` + filepath.FromSlash("policies/documents.go"),
		"table-of-leftovers": `"table-of-leftovers" is taken: there is ` + filepath.FromSlash("testdata/policies/table-of-leftovers"),
	} {
		root := t.TempDir()
		for _, file := range []string{
			"policies/table_encryption.go", "policies/documents.go", "testdata/policies/table-of-leftovers/example.yaml",
		} {
			path := filepath.Join(root, filepath.FromSlash(file))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := scaffold(root, name); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", name, err, want)
		}
	}
}

func TestEnter(t *testing.T) {
	const before, after = "package policies\n\n// All returns every policy.\nfunc All() []*policy.Policy {\n\treturn []*policy.Policy{\n", "\t}\n}\n"
	const list = "\t\tIAMDocument,\n\t\tTableEncryption, // of copies\n\t\tDynamoGuard,\n"
	for name, want := range map[string]string{
		"iam-kms-grant":   "\t\tIAMDocument,\n\t\tIAMKMSGrant,\n\t\tTableEncryption, // of copies\n\t\tDynamoGuard,\n",
		"table-something": "\t\tIAMDocument,\n\t\tTableEncryption, // of copies\n\t\tTableSomething,\n\t\tDynamoGuard,\n",
		"dax-encryption":  "\t\tIAMDocument,\n\t\tTableEncryption, // of copies\n\t\tDAXEncryption,\n\t\tDynamoGuard,\n",
	} {
		got, err := enter([]byte(before+list+after), policyName(name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before+want+after, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, err := enter([]byte("package policies\n"), "table-something"); err == nil {
		t.Error("a file without a list was accepted")
	}
}
