package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/report"
	"dynamoguard/internal/resource"
)

// everything is a report with one of everything.
func everything(t *testing.T) *report.Report {
	t.Helper()
	r, _ := aReport(t)
	for i := range r.Findings {
		r.Findings[i].Fingerprint = fmt.Sprintf("%032x", i) // a configuration has another one with each property that a policy gets
	}
	r.Configuration = "c0ffee"
	r.Stacks[0].Documents, r.Stacks[0].DocumentsKnown = 27, 18
	r.Stacks = append(r.Stacks, report.Stack{Name: "shop/dev", Project: "shop", Stack: "dev", Environment: "dev", Resources: 3})
	add := func(name string, change func(*report.Finding)) {
		f := r.Findings[0]
		f.URN, f.Position, f.Fingerprint = urn(name), nil, fmt.Sprintf("%032x", len(r.Findings))
		change(&f)
		r.Findings = append(r.Findings, f)
		if f.Outcome == report.Failed && !f.Mended {
			r.Resources = append(r.Resources, report.Resource{URN: f.URN, Stack: f.Stack, Judgements: []report.Judgement{{Policy: f.Policy, Outcome: report.Failed}}})
		}
	}
	add("mended", func(f *report.Finding) { f.Mended = true })
	add("known", func(*report.Finding) {})
	add("excepted", func(f *report.Finding) {
		f.Outcome, f.Exceptions = report.Exempt, []report.Exception{{ID: "EXC-7", Reason: "moves"}}
	})
	add("expired", func(f *report.Finding) {
		f.Exemption = &report.Exemption{Expires: "2026-11-01", Owner: "platform", Expired: true}
	})
	add("written", func(f *report.Finding) {
		f.Stack, f.URN = "shop/dev", "urn:pulumi:dev::shop::test:index:Thing::written"
		f.Position = &report.Position{File: "../lib/a b.ts", Line: 3}
		f.Remedy, f.Write = `set a to "b"`, []string{"a: b", "c: d"}
		f.Proposal = &report.Proposal{Statements: []string{"{\n  \"Effect\": \"Allow\"\n}", "{}"}, LeftOut: []string{`"dynamodb:*"`}}
	})
	again := r.Findings[len(r.Findings)-1]
	again.Path, again.Wrong, again.Fingerprint = "second", "it fails again", "aa"
	r.Findings = append(r.Findings, again)
	r.Notices = []report.Notice{
		{Stack: "shop/prod", Text: "not read:", Items: []string{"a", "b"}}, {Stack: "shop/dev", Text: "not read:", Items: []string{"a", "b"}},
	}
	r.Unread = []report.Unread{{Source: "broken.json", Reason: "it is empty"}}
	known := r.Findings[slices.IndexFunc(r.Findings, func(f report.Finding) bool { return f.URN == urn("known") })]
	r.Compare([]report.Entry{
		{Fingerprint: known.Fingerprint, Policy: "first", Stack: "shop/prod", URN: known.URN},
		{Fingerprint: "f0", Policy: "first", Stack: "shop/prod", URN: urn("gone"), Wrong: "it failed"},
		{Fingerprint: "f2", Policy: "first", Stack: "shop/dev", URN: urn("unseen")}, // its run did not come to the end
		{Fingerprint: "f1", Policy: "first", Stack: "other/prod", URN: "urn:pulumi:prod::other::test:index:Thing::elsewhere"},
	})
	return r
}

// as writes a report in a format.
func as(t *testing.T, format string, r *report.Report, o report.Options) string {
	t.Helper()
	formats := append(slices.Clone(report.Formats), report.WriteBaseline)
	i := slices.IndexFunc(formats, func(f report.Format) bool { return f.Name == format })
	var out bytes.Buffer
	if err := formats[i].Write(&out, r, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// holdTo holds a text to a file of testdata.
func holdTo(t *testing.T, golden, got string) {
	t.Helper()
	path := filepath.Join("testdata", golden)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// TestFormats holds each format to a file: a report with one of everything.
func TestFormats(t *testing.T) {
	for golden, o := range map[string]report.Options{
		"sarif.json":    {Sources: report.Sources{"shop": "infra/shop"}},
		"junit.xml":     {FailOn: report.FailOn{Mandatory: true}},
		"gitlab.json":   {},
		"markdown.md":   {FailOn: report.FailOn{Mandatory: true}},
		"baseline.json": {},
	} {
		format, _, _ := strings.Cut(golden, ".")
		holdTo(t, golden, as(t, format, everything(t), o))
	}
}

// hostile is what a program may call a resource, a stack or a value.
const hostile = "a\x1b[31m\r\nb\u202ec\x00\xff]]>&<script>\"'`@acme/team #1 !2 [x](https://evil) www.evil.com ![i](//e) | ~~s~~ $m$ :x: ```\n# h"

// everywhere is a report with a text wherever there is one of a program, a state or a file.
func everywhere(t *testing.T, s string) *report.Report {
	r := everything(t)
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Wrong, f.Remedy, f.Doubt, f.Path = s, s, s, s
		f.URN += resource.URN(s)
		f.Position = &report.Position{File: s, Line: 1}
		if f.Write != nil {
			f.Write, f.Proposal = []string{s, s}, &report.Proposal{Statements: []string{s}, LeftOut: []string{s}}
		}
		for j := range f.Exceptions {
			f.Exceptions[j].Reason = s
		}
		if f.Exemption != nil {
			x := *f.Exemption
			x.Reason, x.Owner, x.Expires = s, s, s
			f.Exemption = &x
		}
	}
	for i := range r.Resources {
		r.Resources[i].URN += resource.URN(s)
		r.Resources[i].Position = &report.Position{File: s, Line: 1}
		for j := range r.Resources[i].Judgements {
			r.Resources[i].Judgements[j].Reason = s
		}
	}
	r.Baseline.Gone[0].URN, r.Baseline.Gone[0].Wrong, r.Baseline.Gone[0].Stack = resource.URN(s), s, s
	r.Stacks[0].Environment, r.Stacks[0].Source = s, s
	r.Notices = []report.Notice{{Stack: s, Text: s, Items: []string{s}}}
	r.Unread = []report.Unread{{Source: s, Reason: s}}
	return r
}

// TestHostile: whatever a text is, each format stays what it is, and shows it as text. The Markdown is a file, to be looked at where it
// is rendered.
func TestHostile(t *testing.T) {
	r := everywhere(t, hostile)
	for _, format := range []string{"sarif", "junit", "gitlab", "markdown", "baseline"} {
		got := as(t, format, r, report.Options{FailOn: report.FailOn{Mandatory: true, Advisory: true, Unknown: true}})
		if i := strings.IndexFunc(got, func(c rune) bool {
			return c != '\n' && (c < ' ' || c == '\u202e' || c == utf8.RuneError)
		}); i >= 0 && format != "baseline" {
			t.Errorf("%s: %q", format, got[max(0, i-40):i+1])
		}
		if link := regexp.MustCompile(`"text": .*\[x\]\(`).FindString(got); link != "" {
			t.Errorf("%s has a link: %s", format, link)
		}
		switch format {
		case "junit":
			if err := xml.Unmarshal([]byte(got), new(any)); err != nil {
				t.Errorf("%s: %v", format, err)
			}
		case "markdown":
			for _, no := range []string{"@acme", "<script", "https://", "www.evil", "!2", "#1", "![", "](", "~~", "$m$", ":x:"} {
				if at := outsideCode(got, no); at != "" {
					t.Errorf("Markdown has %q: %s", no, at)
				}
			}
		default:
			if !json.Valid([]byte(got)) {
				t.Errorf("%s is no JSON:\n%s", format, got)
			}
		}
	}
}

// outsideCode returns a line of Markdown that has a text where it is neither escaped nor code.
func outsideCode(markdown, text string) string {
	fence := ""
	for line := range strings.Lines(markdown) {
		switch ticks := strings.TrimSpace(ticks.FindString(line)); {
		case fence == "":
			fence = ticks
		case ticks == fence && strings.TrimSpace(line) == fence:
			fence = ""
			continue
		}
		if fence != "" {
			continue
		}
		rest := escape.ReplaceAllString(line, "")
		outside := ""
		for {
			before, after, ok := strings.Cut(rest, "`")
			outside += before
			if !ok {
				break
			}
			after = "`" + after
			content := strings.TrimLeft(after, "`")
			ticks := after[:len(after)-len(content)]
			if _, rest, ok = strings.Cut(content, ticks); !ok {
				break
			}
		}
		if strings.Contains(outside, text) {
			return outside
		}
	}
	return ""
}

var (
	escape = regexp.MustCompile(`\\[[:punct:]]`)
	ticks  = regexp.MustCompile("^(?:  )?```+")
)

// TestVerdict: each format says first whether the job fails, and never that all is well where it is not: the reports were "✅ Not blocked"
// of a job that failed, and green over mandatory findings that a baseline had.
func TestVerdict(t *testing.T) {
	adopted := func(r *report.Report) { r.Compare(r.Entries()) }
	advisory := func(r *report.Report) {
		r.Findings = slices.DeleteFunc(r.Findings, func(f report.Finding) bool { return f.Mandatory() })
	}
	clean := func(r *report.Report) {
		r.Findings = nil
		for i := range r.Policies {
			r.Policies[i].Counts.Unknown, r.Policies[i].Counts.Errored = 0, 0
		}
		r.Baseline = nil
	}
	unread := func(r *report.Report) { r.Unread = []report.Unread{{Source: "broken.json", Reason: "it is empty"}} }
	mandatory := report.FailOn{Mandatory: true}
	for _, c := range []struct {
		name     string
		change   []func(*report.Report)
		kind     report.Kind
		on       report.FailOn
		markdown string
		html     string
	}{
		{
			name: "mandatory", on: mandatory, kind: report.OfState,
			markdown: "⛔ **Blocked** by 4 new mandatory findings; 2 new advisory, 1 known before, 2 exempt, 1 mended, 1 gone since.",
			html:     `fail"><p>4 new mandatory findings are open.</p><p>1 known before is not mended.</p>`,
		},
		{
			name: "mandatory, and the job fails on none", kind: report.OfState,
			markdown: "⚠️ **Not blocked**: 4 new mandatory findings, and 1 known before is not mended; 2 new advisory, 1 known before, 2 exempt, 1 mended, 1 gone since.",
			html:     `fail"><p>4 new mandatory findings are open.</p><p>1 known before is not mended.</p>`,
		},
		{
			name: "mandatory, without a baseline", kind: report.OfState, change: []func(*report.Report){func(r *report.Report) { r.Compare(nil); r.Baseline = nil }},
			markdown: "⚠️ **Not blocked**, since the job fails on none: 5 mandatory findings; 2 advisory, 2 exempt, 1 mended.",
			html:     `fail"><p>5 mandatory findings are open.</p>`,
		},
		{
			name: "known", change: []func(*report.Report){adopted}, kind: report.OfState, on: mandatory,
			markdown: "⚠️ **Not blocked**: no new mandatory finding, and 5 known before are not mended; 0 new advisory, 7 known before, 2 exempt, 1 mended.",
			html:     `warn"><p>No new mandatory finding is open.</p><p>5 known before are not mended.</p>`,
		},
		{
			name: "known, of a run", change: []func(*report.Report){adopted}, kind: report.OfPreview,
			markdown: "⛔ **Blocked** by 5 mandatory findings that were known before; 0 new advisory, 7 known before, 2 exempt, 1 mended.",
			html:     `fail"><p>No new mandatory finding is open.</p><p>5 known before are not mended. That stops a run all the same: the engine knows no baseline.</p>`,
		},
		{
			name: "not read", change: []func(*report.Report){clean, unread}, kind: report.OfState, on: mandatory,
			markdown: "⚠️ **Could not be judged** as a whole: no mandatory finding in what was judged; 0 advisory.",
			html:     `warn"><p>No mandatory finding is open.</p><p>18 of 27 policy documents were known, so that they could be judged.</p><p>Not everything`,
		},
		{
			name: "--fail-on advisory", change: []func(*report.Report){advisory}, kind: report.OfState, on: report.FailOn{Mandatory: true, Advisory: true},
			markdown: "⛔ **Blocked** by 2 new advisory findings; 2 new advisory, 1 gone since.",
			html:     `warn"><p>No new mandatory finding is open.</p>`,
		},
		{
			name: "--fail-on unknown", change: []func(*report.Report){advisory}, kind: report.OfState, on: report.FailOn{Mandatory: true, Unknown: true},
			markdown: "⛔ **Blocked** by 2 judgements that could not be made; 2 new advisory, 1 gone since.",
			html:     `warn"><p>No new mandatory finding is open.</p>`,
		},
		{
			name: "well", change: []func(*report.Report){clean}, kind: report.OfState, on: report.FailOn{Mandatory: true, Advisory: true, Unknown: true},
			markdown: "✅ **Not blocked**: no mandatory finding; 0 advisory.",
			html:     `"><p>No mandatory finding is open.</p>`,
		},
	} {
		r := everything(t)
		r.Kind, r.Unread, r.Stacks[1].Ended = c.kind, nil, true
		for _, change := range c.change {
			change(r)
		}
		if got := strings.Split(as(t, "markdown", r, report.Options{FailOn: c.on}), "\n")[3]; got != c.markdown {
			t.Errorf("%s: %s", c.name, got)
		}
		if got := as(t, "html", r, report.Options{FailOn: c.on}); !strings.Contains(got, `<div class="verdict `+c.html) {
			_, after, _ := strings.Cut(got, `<div class="verdict `)
			t.Errorf("%s: %.300s", c.name, after)
		}
	}
}

// TestVerdictIsTheExitCode: the Markdown of a state has "Blocked" where a job fails, whatever it fails on, and is well only where all was
// judged.
func TestVerdictIsTheExitCode(t *testing.T) {
	for _, change := range []func(*report.Report){
		func(*report.Report) {},
		func(r *report.Report) { r.Compare(r.Entries()) },
		func(r *report.Report) { r.Findings = nil },
		func(r *report.Report) { r.Findings, r.Unread = nil, nil },
		func(r *report.Report) { r.Findings, r.Unread, r.Stacks[1].Ended = nil, nil, true },
	} {
		for n := range 8 {
			on := report.FailOn{Mandatory: n&1 > 0, Advisory: n&2 > 0, Unknown: n&4 > 0}
			r := everything(t)
			r.Kind = report.OfState
			change(r)
			got := strings.Split(as(t, "markdown", r, report.Options{FailOn: on}), "\n")[3]
			if strings.HasPrefix(got, "⛔ ") != r.Fails(on) || strings.HasPrefix(got, "✅") && (len(r.Unread) > 0 || !r.Stacks[1].Ended) {
				t.Errorf("%+v: %s", on, got)
			}
		}
	}
}

// TestHuge: a comment has room for so much, and GitHub takes so many results. What is left out is counted, and what stops a run stays.
func TestHuge(t *testing.T) {
	r := everything(t)
	r.Compare(nil)
	first := r.Findings[0]
	for i := range 30_000 {
		f := first
		f.URN, f.Level, f.Severity, f.Remedy = urn(fmt.Sprintf("many-%d", i)), "advisory", "low", fmt.Sprintf("remedy %d", i/100)
		r.Findings = append(r.Findings, f)
	}
	last := first
	last.URN, last.Severity, last.Remedy = urn("last"), "medium", "another remedy"
	r.Findings = append(r.Findings, last)

	markdown := as(t, "markdown", r, report.Options{})
	if n := len(markdown); n > 65_536 || n < 60_000 {
		t.Errorf("Markdown of %d bytes", n)
	}
	lines := strings.Split(strings.TrimSpace(markdown), "\n")
	end := lines[len(lines)-3]
	if !strings.HasSuffix(end, "entries are left out: a comment has room for 65,536 characters. Another format has all of it._") {
		t.Errorf("Markdown ends in %q", end)
	}
	if n := strings.Count(markdown, "- … and 75 more\n"); n < 10 {
		t.Errorf("of %d remedies not all findings are listed", n)
	}
	if !strings.Contains(markdown, `"last"`) {
		t.Error("Markdown has not what stops the run")
	}
	if open, closed := strings.Count(markdown, "<details>"), strings.Count(markdown, "</details>"); open != closed {
		t.Errorf("Markdown has %d <details> and %d </details>", open, closed)
	}

	sarif := as(t, "sarif", r, report.Options{})
	var parsed struct {
		Runs []struct {
			Results []struct {
				Locations []struct{ LogicalLocations []struct{ Name string } }
			}
			Invocations []struct {
				Notifications []struct{ Message struct{ Text string } } `json:"toolExecutionNotifications"`
			}
		}
	}
	if err := json.Unmarshal([]byte(sarif), &parsed); err != nil {
		t.Fatal(err)
	}
	run := parsed.Runs[0]
	notices := run.Invocations[0].Notifications
	const left, kept = "5008 findings are left out, since GitHub takes 25000; other formats have them",
		"GitHub keeps 5000 of 30008 findings, the most severe ones; other formats show all"
	says := []string{notices[len(notices)-2].Message.Text, notices[len(notices)-1].Message.Text}
	if len(run.Results) != 25_000 || !slices.Equal(says, []string{left, kept}) {
		t.Errorf("SARIF has %d results, and says %q", len(run.Results), says)
	}
	var names []string
	for _, result := range run.Results[:9] {
		names = append(names, result.Locations[0].LogicalLocations[0].Name)
	}
	if want := []string{"bad", "known", "expired", "written", "written", "last", "bad", "doubtful", "many-0"}; !slices.Equal(names, want) {
		t.Errorf("SARIF begins with %q", names)
	}
}

// TestLeftOut: where something had no room, what is smaller has it, and stands under its title.
func TestLeftOut(t *testing.T) {
	r := everything(t)
	r.Notices = []report.Notice{{Stack: "shop/prod", Text: "many:", Items: slices.Repeat([]string{strings.Repeat("y", 8000)}, 30)}}
	for range 9 {
		r.Notices = append(r.Notices, report.Notice{Stack: "shop/prod", Text: strings.Repeat("x", 8000) + fmt.Sprint(len(r.Notices))})
	}
	r.Notices = append(r.Notices, report.Notice{Stack: "shop/prod", Text: "small"})
	got := as(t, "markdown", r, report.Options{})
	if len(got) > 65_536 {
		t.Errorf("Markdown of %d bytes", len(got))
	}
	for _, want := range []string{
		"\n### Notices\n\n- `shop/prod`: xxx", "- `shop/prod`: small\n", "<details>", "it failed\n\n</details>", "_3 entries are left out:",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("Markdown has no %q and ends in %s", want, got[max(0, len(got)-900):])
		}
	}
}

// TestRepeats: a notice that repeats findings is in the JSON, and nowhere that these are shown.
func TestRepeats(t *testing.T) {
	r := everything(t)
	r.Notices = []report.Notice{{Stack: "shop/prod", Text: "40 findings of first have one remedy", Items: []string{"a"}, Repeats: true}}
	for _, format := range report.Formats {
		says := strings.Contains(as(t, format.Name, r, report.Options{}), "have one remedy")
		if says != (format.Name == "json") {
			t.Errorf("%s: %v", format.Name, says)
		}
	}
}

// TestMark: the first line tells the comments on several stacks of one pull request from each other.
func TestMark(t *testing.T) {
	r := everything(t)
	r.Stacks = r.Stacks[:1]
	for name, want := range map[string]string{
		"acme/shop/prod-eu.1": "<!-- dynamoguard acme/shop/prod-eu.1 -->", `a"--><script>$(x)`: "<!-- dynamoguard a_--__script___x_ -->",
	} {
		r.Stacks[0].Name = name
		if got, _, _ := strings.Cut(as(t, "markdown", r, report.Options{}), "\n"); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestManyItems: of a notice no more is listed than anybody reads. One with 600 items left the comment without all that came after it.
func TestManyItems(t *testing.T) {
	r := everything(t)
	r.Notices = []report.Notice{{Stack: "shop/prod", Text: "many:", Items: slices.Repeat([]string{strings.Repeat("y", 100)}, 600)}}
	got := as(t, "markdown", r, report.Options{})
	if !strings.Contains(got, "  - … and 580 more\n") || strings.Contains(got, "left out") || strings.Count(got, "  - yyy") != 20 {
		t.Errorf("Markdown is\n%s", got)
	}
}

// TestJUnitFails: a test fails where --fail-on has it.
func TestJUnitFails(t *testing.T) {
	for on, want := range map[report.FailOn]string{
		{}:                                `tests="13" failures="0" errors="2" skipped="5"`,
		{Mandatory: true}:                 `tests="13" failures="3" errors="2" skipped="5"`,
		{Mandatory: true, Advisory: true}: `tests="13" failures="5" errors="2" skipped="5"`,
		{Mandatory: true, Unknown: true}:  `tests="13" failures="4" errors="2" skipped="4"`,
	} {
		if got := strings.Split(as(t, "junit", everything(t), report.Options{FailOn: on}), "\n")[1]; !strings.Contains(got, want) {
			t.Errorf("%+v: %s", on, got)
		}
	}
}

// TestSources: a place is in the repository, or in the file that every project has.
func TestSources(t *testing.T) {
	r := everything(t)
	f := r.Findings[0]
	for _, c := range []struct {
		sources report.Sources
		at      *report.Position
		want    string
	}{
		{nil, &report.Position{File: "a.ts", Line: 3}, "a.ts:3"},
		{nil, nil, "Pulumi.yaml:1"},
		{report.Sources{"": "infra"}, &report.Position{File: "a.ts", Line: 3}, "infra/a.ts:3"},
		{report.Sources{"": "infra"}, nil, "infra/Pulumi.yaml:1"},
		{report.Sources{"": "infra", "shop": "shop"}, nil, "shop/Pulumi.yaml:1"},
		{report.Sources{"other": "infra"}, nil, "Pulumi.yaml:1"},
		{report.Sources{"": "infra"}, &report.Position{File: "../lib/a.ts", Line: 3}, "lib/a.ts:3"},
		{report.Sources{"": "infra"}, &report.Position{File: "../../../sdk/run.go", Line: 144}, "infra/Pulumi.yaml:1"},
		{report.Sources{"": "."}, &report.Position{File: "a.ts", Line: 3}, "a.ts:3"},
	} {
		f.Position = c.at
		r.Findings, r.Resources = []report.Finding{f}, nil
		var issues []struct {
			Location struct {
				Path  string
				Lines struct{ Begin int }
			}
		}
		if err := json.Unmarshal([]byte(as(t, "gitlab", r, report.Options{Sources: c.sources})), &issues); err != nil {
			t.Fatal(err)
		}
		if l := issues[0].Location; fmt.Sprintf("%s:%d", l.Path, l.Lines.Begin) != c.want {
			t.Errorf("%v of %v is %s:%d, not %s", c.sources, c.at, l.Path, l.Lines.Begin, c.want)
		}
	}
}

// TestReadBaseline reads what was written, and a report as JSON. What is exempt or mended in that one is not known.
func TestReadBaseline(t *testing.T) {
	r := everything(t)
	for _, format := range []string{"baseline", "json"} {
		got, err := report.ReadBaseline(strings.NewReader(as(t, format, r, report.Options{})))
		if err != nil {
			t.Fatal(err)
		}
		again := everything(t)
		again.Compare(got)
		if n := again.Baseline.Known; n != len(r.Entries()) || again.Fails(report.FailOn{Mandatory: true, Advisory: true}) || again.Baseline.Gone != nil {
			t.Errorf("%s: %d of %d are known, and gone are %v", format, n, len(r.Entries()), again.Baseline.Gone)
		}
	}
	for text, want := range map[string]string{
		"":                                     "it is empty",
		`{"schemaVersion":1,"findings":[`:      "it ends in the middle",
		"[]":                                   "it is array",
		"{}":                                   "it has no findings, and so is neither a baseline nor a report as JSON",
		`{"version":3,"deployment":{}}`:        "it has no findings, and so is neither a baseline nor a report as JSON",
		`{"schemaVersion":2,"findings":[]}`:    "its schemaVersion is 2, and this pack reads 1; write it anew",
		`{"schemaVersion":1,"findings":[{}]}`:  "findings[0] has no fingerprint",
		`{"schemaVersion":1,"findings":[7]}`:   "findings is number",
		`{"schemaVersion":1,"findings":[]} {}`: "something follows its end",
		"a: b":                                 "invalid character 'a' looking for beginning of value",
	} {
		if _, err := report.ReadBaseline(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, not %s", text, err, want)
		}
	}
}

// TestRead: a report that is read again is the same in every format.
func TestRead(t *testing.T) {
	r := everything(t)
	again, err := report.Read(strings.NewReader(as(t, "json", r, report.Options{})))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Formats {
		if diff := cmp.Diff(as(t, f.Name, r, report.Options{}), as(t, f.Name, again, report.Options{})); diff != "" {
			t.Errorf("%s (-written +read):\n%s", f.Name, diff)
		}
	}
	for text, want := range map[string]string{
		"":                                   "it is no report as JSON: it is empty",
		`{"version":3,"deployment":{}}`:      "it is no report as JSON: version is number",
		`{"schemaVersion":1,"findings":[]}`:  "it is no report as JSON",
		`{"schemaVersion":2,"kind":"state"}`: "its schemaVersion is 2, and this pack reads 1",
		`{"schemaVersion":1,"kind":"state","findings":[{"stack":"a"}]}`:                                                        `findings[0] is of "a", which is no stack of it`,
		`{"schemaVersion":1,"kind":"state","resources":[{"stack":"a"}]}`:                                                       `resources[0] is of "a", which is no stack of it`,
		`{"schemaVersion":1,"kind":"state","stacks":[{"name":"a"}],"findings":[{"stack":"a","policy":"p"}]}`:                   `findings[0] is of "p", which is no policy of it`,
		`{"schemaVersion":1,"kind":"state","stacks":[{"name":"a"}],"resources":[{"stack":"a","judgements":[{"policy":"p"}]}]}`: `resources[0] was judged by "p", which is no policy of it`,
		`{"schemaVersion":1,"kind":"state"}7`:                                                                                  "it is no report as JSON: something follows its end",
	} {
		if _, err := report.Read(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, not %s", text, err, want)
		}
	}
}

// matrixed is a report with a matrix of one table, one principal with one access, and one statement.
func matrixed(span string, by int) string {
	access := fmt.Sprintf(`{"read":{"level":"allowed","actions":["GetItem"],"by":[%d]}}`, by)
	return `{"schemaVersion":1,"kind":"state","matrix":{"tables":[{"name":"t"}],"statements":[{}],"principals":[{"kind":"role","name":"r","access":[` +
		access + `],"spans":[` + span + `],"beyond":[{"text":"*","statement":` + fmt.Sprint(by) + `,"access":` + access + `}]}]}}`
}

// TestReadMatrix: a report whose matrix names what it has not is refused, with the place.
func TestReadMatrix(t *testing.T) {
	const one = `{"first":0,"last":0,"access":0}`
	for text, want := range map[string]string{
		matrixed(one, 0): "<nil>",
		matrixed(`{"first":0,"last":1,"access":0}`, 0):  "matrix.principals[0].spans[0] is not of tables and of an access that it has",
		matrixed(`{"first":-1,"last":0,"access":0}`, 0): "matrix.principals[0].spans[0] is not of tables and of an access that it has",
		matrixed(`{"first":0,"last":0,"access":1}`, 0):  "matrix.principals[0].spans[0] is not of tables and of an access that it has",
		matrixed(one+","+one, 0):                        "matrix.principals[0].spans[1] is not of tables and of an access that it has",
		matrixed(one, 1):                                "matrix.principals[0].access[0] names a statement that it has not",
	} {
		if _, err := report.Read(strings.NewReader(text)); fmt.Sprint(err) != want {
			t.Errorf("%s: %v, not %s", text, err, want)
		}
	}
}

// FuzzRead: whatever a report is that can be read, each format writes it.
func FuzzRead(f *testing.F) {
	f.Add(`{"schemaVersion":1,"kind":"state","stacks":[{"name":"a"}],"policies":[{"name":"p"}],"findings":[{"stack":"a","policy":"p","position":{"line":-1}}],"resources":[{"stack":"a","judgements":[{"policy":"p","outcome":"fail"}]}]}`)
	f.Add(`{"schemaVersion":1,"kind":"events","unread":[{}],"notices":[{}],"baseline":{"gone":[{}]},"policies":[{"criteria":["x"]}],"criteria":[{}]}`)
	f.Add(matrixed(`{"first":0,"last":0,"access":0}`, 0))
	f.Fuzz(func(t *testing.T, text string) {
		r, err := report.Read(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, format := range report.Formats {
			as(t, format.Name, r, report.Options{Sources: report.Sources{"": "a"}})
		}
	})
}
