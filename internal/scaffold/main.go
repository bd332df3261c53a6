// Command scaffold starts a new policy: its file, its entry in All, the fixture that holds its examples, the programs of its page, and
// what is generated from all policies. What it writes judges deletion protection, a working rule to write one's own in place of. It is run by
// `make policy NAME=table-something`.
package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

//go:embed *.tmpl
var files embed.FS

var templates = template.Must(template.ParseFS(files, "*.tmpl"))

func main() {
	if len(os.Args) != 2 {
		fail(errors.New("want the name of the policy, such as table-something"))
	}
	written, err := scaffold(".", os.Args[1])
	if err != nil {
		fail(err)
	}
	if err := generate("."); err != nil {
		fail(err)
	}
	fmt.Println("wrote " + strings.Join(written, ", ") + " and what is generated; now write the rule, and what its fixtures say of it")
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "scaffold:", err)
	os.Exit(1)
}

// A policyName is the name of a policy, in kebab-case.
type policyName string

// valid is what policy.Validate accepts.
var valid = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// initialisms are the words that Go writes in capitals.
var initialisms = map[string]string{"arn": "ARN", "aws": "AWS", "dax": "DAX", "iam": "IAM", "kms": "KMS", "oidc": "OIDC", "vpc": "VPC"}

// Name is n as it is.
func (n policyName) Name() string { return string(n) }

// Var is the name of the policy's variable: TableSomething for table-something.
func (n policyName) Var() string {
	var b strings.Builder
	for word := range strings.SplitSeq(string(n), "-") {
		if initialism, ok := initialisms[word]; ok {
			word = initialism
		}
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// scaffold writes the policy into the module at root, and returns what it wrote or changed there. A name that it
// refuses changes nothing.
func scaffold(root, name string) ([]string, error) {
	n := policyName(name)
	if !valid.MatchString(name) {
		return nil, fmt.Errorf("%q is not in kebab-case: small letters, words joined with hyphens", name)
	}
	if words := strings.Split(name, "-"); words[len(words)-1] == "test" {
		return nil, fmt.Errorf("%q would be in a file of tests", name)
	}
	var (
		source   = filepath.Join("policies", strings.ReplaceAll(name, "-", "_")+".go")
		fixture  = filepath.Join("testdata", "policies", name, "example.yaml")
		page     = filepath.Join("testdata", "pages", name)
		contents = filepath.Join("policies", "policies.go")
	)
	for _, file := range []string{source, filepath.Dir(fixture), page} {
		if _, err := os.Stat(filepath.Join(root, file)); err == nil {
			return nil, fmt.Errorf("%q is taken: there is %s", name, file)
		}
	}
	all, err := os.ReadFile(filepath.Join(root, contents))
	if err != nil {
		return nil, err
	}
	if all, err = enter(all, n); err != nil {
		return nil, fmt.Errorf("%s: %w", contents, err)
	}
	written := []string{contents}
	data := [][]byte{all}
	for _, file := range []struct{ name, template string }{
		{source, "policy.go.tmpl"}, {fixture, "example.yaml.tmpl"},
		{filepath.Join(page, "bad.yaml"), "bad.yaml.tmpl"}, {filepath.Join(page, "good.yaml"), "good.yaml.tmpl"},
		{filepath.Join(page, "config.json"), "config.json.tmpl"},
	} {
		var text bytes.Buffer
		if err := templates.ExecuteTemplate(&text, file.template, n); err != nil {
			return nil, err
		}
		written, data = append(written, file.name), append(data, text.Bytes())
	}
	for i, file := range written {
		file = filepath.Join(root, file)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, data[i], 0o644)); err != nil {
			return nil, err
		}
	}
	return written, nil
}

// generate writes what is generated from all policies.
func generate(root string) error {
	for _, args := range [][]string{ // the pages show what is said of their programs
		{"./policies", "-run", "^TestPages$"},
		{"./policies", "./internal/analyzer", "-run", "^(TestDocs|TestAnalyzerInfo)$"},
	} {
		command := exec.Command("go", append(append([]string{"test"}, args...), "-update")...)
		command.Dir = root
		if out, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w\n%s", command, err, out)
		}
	}
	return nil
}

// enter adds a policy to the list that All returns: after the last one about the same thing, by the first word of its name,
// else before the last of all, which is the pack's own.
func enter(source []byte, n policyName) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", source, 0)
	if err != nil {
		return nil, err
	}
	var list []ast.Expr
	ast.Inspect(file, func(node ast.Node) bool {
		if literal, ok := node.(*ast.CompositeLit); ok {
			list = literal.Elts
		}
		return list == nil
	})
	if len(list) == 0 {
		return nil, errors.New("no list of policies is there")
	}
	subject, _, _ := strings.Cut(string(n), "-")
	at := len(list) - 1
	for i, entry := range slices.Backward(list) {
		if id, ok := entry.(*ast.Ident); ok && strings.HasPrefix(id.Name, policyName(subject).Var()) {
			at = i + 1
			break
		}
	}
	at = min(at, len(list)-1)
	offset := fset.Position(list[at].Pos()).Offset
	return format.Source(slices.Concat(source[:offset], []byte(n.Var()+",\n"), source[offset:]))
}
