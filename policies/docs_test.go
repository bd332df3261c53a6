package policies_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/handbook"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
	"dynamoguard/policies"
)

var update = flag.Bool("update", false, "write the generated documentation")

func TestValidate(t *testing.T) {
	if err := policy.Validate(policies.All()); err != nil {
		t.Fatal(err)
	}
}

// TestDocs holds the documentation to the policies' own descriptions and to the programs of their pages.
func TestDocs(t *testing.T) {
	const pages = "../docs/policies/"
	if err := os.MkdirAll(pages, 0o755); err != nil {
		t.Fatal(err)
	}
	hold(t, "README.md", func(string) string { return contents() })
	hold(t, "../README.md", func(current string) string {
		link := func(name string) string { return "docs/policies/" + name + ".md" }
		return between(t, current, "<!-- policies: generated -->\n", "<!-- end of policies -->", handbook.Table(policies.All(), link))
	})
	for _, p := range policies.All() {
		hold(t, pages+p.Name+".md", func(string) string { return readPage(t, p.Name).markdown(p) })
	}
	files, err := os.ReadDir(pages)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if named(strings.TrimSuffix(file.Name(), ".md")) == nil {
			t.Errorf("%s%s is the page of a policy that does not exist", pages, file.Name())
		}
	}
	hold(t, "../docs/soc2.md", func(string) string { return soc2Page() })
	hold(t, "../docs/parity.md", func(string) string { return parityPage() })
	hold(t, "../README.md", func(current string) string {
		return between(t, current, "<!-- left out: generated -->\n", "<!-- end of left out -->", leftOutParagraph())
	})
}

// between replaces what stands between two marks of a page.
func between(t *testing.T, page, begin, end, text string) string {
	t.Helper()
	before, rest, ok := strings.Cut(page, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("there is no %q and %q", begin, end)
	}
	return before + begin + text + end + after
}

func hold(t *testing.T, file string, want func(current string) string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	current := string(data)
	if *update {
		if err := os.WriteFile(file, []byte(want(current)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want(current), current); diff != "" {
		t.Errorf("%s is not what the policies say; run go test ./policies -run TestDocs -update\n%s", file, diff)
	}
}

// contents lists the policies, and the criteria that they are evidence for.
func contents() string {
	var b strings.Builder
	b.WriteString("# Policies\n\nGenerated from the policies themselves, as are their pages: `go test ./policies -run TestDocs -update`.\n\n")
	b.WriteString(handbook.Table(policies.All(), func(name string) string { return "../docs/policies/" + name + ".md" }))
	b.WriteString("\n## Criteria\n\nIdentifiers are those of the " + soc2.Version + "; the summaries are ours.\n\n| SOC 2 | Summary | Policies |\n|---|---|---|\n")
	for _, c := range soc2.Criteria {
		var names []string
		for _, p := range policies.All() {
			if slices.Contains(p.Criteria, c.ID) {
				names = append(names, p.Name)
			}
		}
		if len(names) > 0 {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", c.ID, c.Summary, strings.Join(names, ", "))
		}
	}
	return b.String()
}

// markdown is the page.
func (x *page) markdown(p *policy.Policy) string {
	const generated = "<!-- Generated: go test ./policies -run TestDocs -update -->\n"
	var said strings.Builder
	for _, line := range x.Finding {
		about, message, _ := strings.Cut(line, ": ")
		words := strings.Fields(about) // level, severity, policy and resource
		fmt.Fprintf(&said, "%s %s\n", words[0], words[3])
		width := 0
		for _, word := range strings.Fields(message) {
			if width += 1 + len(word); width > 100 || width == 1+len(word) {
				said.WriteString("\n ")
				width = 1 + len(word)
			}
			said.WriteString(" " + word)
		}
		said.WriteString("\n")
	}
	entry := handbook.Of(p)
	return generated + entry.Markdown(x.around()+x.example("bad")+"\nThe policy says:\n\n"+handbook.Fenced("text", said.String()), x.example("good"))
}

// around says under which configuration and beside which tables the programs are judged.
func (x *page) around() string {
	text := ""
	if x.Config != nil {
		text += "With this configuration:\n\n" + handbook.Fenced("json", x.Configured) + "\n"
	}
	for _, other := range x.Others {
		text += fmt.Sprintf("Stack %s has the table %s, in account %s and region %s.\n\n", other.Stack, other.Name, other.Account, other.Region)
	}
	return text
}

// example is a program in each language.
func (x *page) example(side string) string {
	text := handbook.Fenced("yaml", x.Source[side][0])
	for i, language := range []string{"TypeScript", "Python", "Go"} {
		if source := x.Source[side][i+1]; source != "" {
			text += fmt.Sprintf("\n<details><summary>%s</summary>\n\n%s\n</details>\n", language, handbook.Fenced(strings.ToLower(language), source))
		}
	}
	return text
}
