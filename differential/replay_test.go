package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"dynamoguard/internal/iam"
)

// recorded are the cases and questions of the last comparison with -record:
//
//	go run ./differential -n 200000 -documents 100000 -matrix 200 -seed 1 -record testdata/iam/differential
const recorded = "../testdata/iam/differential/"

// readLines calls do with each line of a recorded file.
func readLines(t *testing.T, name string, do func(line []byte) error) {
	t.Helper()
	file, err := os.Open(recorded + name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if err := do(lines.Bytes()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func readRecorded(t *testing.T) (results []*Result) {
	t.Helper()
	readLines(t, "cases.jsonl.gz", func(line []byte) error {
		r := new(Result)
		results = append(results, r)
		return json.Unmarshal(line, r)
	})
	return results
}

// TestReplay holds package iam to the verdicts that the oracle and it agreed on, or that the documentation decided.
func TestReplay(t *testing.T) {
	wrong := 0
	for _, r := range readRecorded(t) {
		if r.Oracle != r.Verdict && r.Known == nil {
			t.Fatalf("case %s is recorded with two verdicts, and no reason for that", r.ID)
		}
		got, err := Verdict(r.Case.Line())
		if err != nil {
			t.Fatalf("case %s: %v", r.ID, err)
		}
		if got != r.Verdict {
			t.Errorf("%s, want %s (oracle %s) %s\n%s", got, r.Verdict, r.Oracle, strings.Join(r.Known, "; "), r.Case.Line())
			if wrong++; wrong == 10 {
				t.Fatal("and perhaps more")
			}
		}
	}
}

// TestReplayRewritten holds package iam to what a rewrite is: another way to say the same.
func TestReplayRewritten(t *testing.T) {
	for _, r := range readRecorded(t) {
		if r.Defect != "" || r.Known == nil {
			continue
		}
		c := r.clone()
		for _, name := range r.Known {
			i := slices.IndexFunc(knowns, func(k known) bool { return k.name == name })
			if i < 0 || !knowns[i].rewrite(r.clone()) {
				t.Fatalf("case %s is recorded as one of %q, which has no rewrite of it", r.ID, name)
			}
			knowns[i].rewrite(c)
		}
		if got, err := Verdict(c.Line()); err != nil || got != r.Verdict {
			t.Errorf("%s (error %v), want %s as for the case it says the same as: %s\n%s", got, err, r.Verdict, r.ID, c.Line())
		}
	}
}

// TestRecordedIsComplete lists what the recorded cases must hold at least: they are few enough to replay in a second, and
// enough to notice a change anywhere.
func TestRecordedIsComplete(t *testing.T) {
	want := map[string]int{}
	for _, a := range iam.Actions() {
		want["request for "+a.String()] = 3
	}
	for _, d := range defects {
		want["defect: "+d.name] = 3
	}
	for _, k := range knowns {
		want["known: "+k.name] = 1
	}
	for _, of := range operators {
		for _, operator := range of {
			want["condition "+operator] = 10
			for _, set := range []string{"ForAllValues:", "ForAnyValue:"} {
				want["condition "+set+operator] = 3
			}
		}
	}
	for _, state := range []string{"present", "absent"} {
		for _, family := range []string{"String", "Numeric", "Date", "Bool", "IP", "ARN", "Null"} {
			for _, set := range []string{"", "ForAllValues ", "ForAnyValue "} {
				want["key "+state+" for "+set+family] = 5
			}
		}
	}
	for _, who := range []string{"caller", "role of the caller", "account of the caller", "everybody"} {
		for _, boundary := range []string{"", ", with a boundary"} {
			want[who+" named by the table policy"+boundary] = 15
		}
	}
	for _, rare := range []string{
		"resource with a variable whose value has wildcards", "pattern with a variable whose value has wildcards",
		"several different values of the request for ForAllValues", "several different values of the request for ForAnyValue",
		"condition with a variable of a list", "resource with a variable of a list of one", "Deny of NotResource with a variable without a value",
		"caller named by NotPrincipal", "account of the caller named by NotPrincipal", "everybody named by NotPrincipal",
		"role of the caller named by NotPrincipal", "caller named by NotPrincipal, with a boundary",
		"no Resource, table", "no Resource, index", "no Resource, stream", "short ARN in a table policy", "Null in another case",
	} {
		want[rare] = 8
	}
	for _, feature := range []string{
		"verdict Allowed", "verdict ImplicitlyDenied", "verdict ExplicitlyDenied", "verdict Invalid",
		"Allow", "Deny", "NotAction", "NotResource", "NotPrincipal", "no Resource", "no identity policy", "no version", "version 2008-10-17",
		"permissions boundary", "service control policy", "table policy", "table of another account", `principal "*"`,
		"principals of type AWS", "principals of type Service", "principals of type CanonicalUser",
		"principal user", "principal assumed-role", "principal federated-user",
		"resource *", "resource table", "resource index", "resource stream", "resource backup", "resource export", "resource import",
		"resource global-table", "resource cache", "short ARN", `resource with "*"`, `resource with "?"`, "resource in another case",
		"resource with a variable", "resource with a variable's default", "condition with a variable",
		`action with "*"`, `action with "?"`, `action of service "*"`, "action in another case", "action that ends with a blank",
		"condition Null", "condition ForAllValues:Null", "condition ForAnyValue:Null", "IfExists", "several values of the request",
		"values without quotes",
	} {
		want[feature] = 20
	}
	have := map[string]int{}
	for _, r := range readRecorded(t) {
		have["verdict "+r.Verdict]++
		for _, f := range r.features() {
			have[f]++
		}
		for _, k := range r.Known {
			have["known: "+k]++
		}
	}
	for _, a := range readQuestions(t) {
		for _, k := range a.Decided {
			have["known: "+k]++
		}
	}
	for feature, n := range sorted(want) {
		if have[feature] < n {
			t.Errorf("%d recorded cases with %s, want %d: record again", have[feature], feature, n)
		}
	}
}

// TestGenerate holds the generator to one case for a seed and a number, and to a share of each verdict.
func TestGenerate(t *testing.T) {
	const n = 4000
	verdicts := map[string]int{}
	for i := range uint64(n) {
		c := Generate(11, i)
		if again := Generate(11, i); string(c.Line()) != string(again.Line()) {
			t.Fatalf("case %d of a seed is not always the same:\n%s\n%s", i, c.Line(), again.Line())
		}
		if copied := c.clone(); string(c.Line()) != string(copied.Line()) {
			t.Fatalf("case %d is not read as it is written:\n%s\n%s", i, c.Line(), copied.Line())
		}
		verdict, err := Verdict(c.Line())
		if err != nil {
			t.Fatalf("case %d: %v", i, err)
		}
		verdicts[verdict]++
		if (verdict == "Invalid") != (c.Defect != "") {
			t.Errorf("case %d is %s, and its documents are to have the defect %q:\n%s", i, verdict, c.Defect, c.Line())
		}
	}
	for verdict, least := range map[string]int{"Allowed": 25, "ImplicitlyDenied": 25, "ExplicitlyDenied": 8, "Invalid": 3} {
		if verdicts[verdict] < n*least/100 {
			t.Errorf("%d of %d cases are %s, want %d in a hundred", verdicts[verdict], n, verdict, least)
		}
	}
}
