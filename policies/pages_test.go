package policies_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"go.yaml.in/yaml/v3"

	"dynamoguard/internal/foresight"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/policies"
)

// A page is what the page of a policy is made of, beside what the policy says of itself: the files of its folder.
type page struct {
	Configured string               // config.json: the configuration under which both programs are judged
	Config     map[string]any       // the same
	Others     []fixtureTable       // others.yaml: tables of other stacks
	Finding    []string             // finding.txt: what is said of the program bad, as harness.Line writes it
	Program    map[string]*fixture  // bad.yaml and good.yaml
	Source     map[string][4]string // of each the text in YAML, TypeScript, Python and Go; the latter are written by e2e
}

const pagesFolder = "../testdata/pages"

// TestPages judges the programs of each page: the policy says of one what its page says, and nothing is said of the other. All
// policies run, at their default levels but for the page's configuration. What AWS tells is foreseen, as a foreseen preview does;
// e2e runs the same programs.
func TestPages(t *testing.T) {
	folders, err := os.ReadDir(pagesFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if named(folder.Name()) == nil {
			t.Errorf("%s has the page of a policy that does not exist", folder.Name())
		}
	}
	for _, p := range policies.All() {
		t.Run(p.Name, func(t *testing.T) {
			x := readPage(t, p.Name)
			said := x.say(t, "bad")
			if *update {
				writePage(t, p.Name, "finding.txt", strings.Join(said, "\n")+"\n")
				x.Finding = said
			}
			if diff := gocmp.Diff(x.Finding, said); diff != "" || len(said) == 0 {
				t.Errorf("of the program that violates the policy (-finding.txt +said):\n%s", diff)
			}
			for _, line := range said {
				if !strings.Contains(line, " "+p.Severity.String()+" "+p.Name+" ") {
					t.Errorf("another policy has something to say: %s", line)
				}
			}
			if said := x.say(t, "good"); len(said) > 0 {
				t.Errorf("of the program that does not: %s", strings.Join(said, "\n"))
			}
		})
	}
}

// named returns the policy of a name, nil where there is none.
func named(name string) *policy.Policy {
	for _, p := range policies.All() {
		if p.Name == name {
			return p
		}
	}
	return nil
}

func writePage(t *testing.T, name, file, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(pagesFolder, name, file), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// readPage reads the folder of a policy's page.
func readPage(t *testing.T, name string) *page {
	t.Helper()
	read := func(file string, required bool) string {
		text, err := os.ReadFile(filepath.Join(pagesFolder, name, file))
		if err != nil && (required || !os.IsNotExist(err)) {
			t.Fatal(err)
		}
		return string(text)
	}
	x := &page{Program: map[string]*fixture{}, Source: map[string][4]string{}}
	if x.Configured = read("config.json", false); x.Configured != "" {
		if err := json.Unmarshal([]byte(x.Configured), &x.Config); err != nil {
			t.Fatal(err)
		}
	}
	if err := yaml.Unmarshal([]byte(read("others.yaml", false)), &x.Others); err != nil {
		t.Fatal(err)
	}
	if finding := read("finding.txt", !*update); finding != "" {
		x.Finding = strings.Split(strings.TrimSuffix(finding, "\n"), "\n")
	}
	for _, side := range []string{"bad", "good"} {
		sources := [4]string{read(side+".yaml", true)}
		for i, extension := range []string{".ts", ".py", ".go"} {
			sources[i+1] = read(side+extension, false)
		}
		x.Source[side] = sources
		x.Program[side] = evaluate(t, sources[0])
	}
	return x
}

// say is what all policies say of one of the programs.
func (x *page) say(t *testing.T, side string) []string {
	t.Helper()
	f := *x.Program[side]
	f.Others = x.Others
	lines := []string{}
	for _, d := range f.diagnostics(t, x.configured(t)) {
		p := named(d.PolicyName)
		urn := strings.TrimPrefix(d.Urn, "urn:pulumi:dev::shop::")
		message := byConfiguration.ReplaceAllString(d.Message, "")
		lines = append(lines, fmt.Sprintf("%s %s %s %s: %s", strings.ToLower(d.EnforcementLevel.String()), p.Severity, p.Name, urn, message))
	}
	slices.Sort(lines)
	return lines
}

// configured is the page's configuration as the engine hands it over.
func (x *page) configured(t *testing.T) map[string]*pulumirpc.PolicyConfig {
	t.Helper()
	configured := map[string]*pulumirpc.PolicyConfig{}
	for name, given := range x.Config {
		c := &pulumirpc.PolicyConfig{EnforcementLevel: pulumirpc.EnforcementLevel_ADVISORY}
		if p := named(name); p != nil && p.Level == policy.Mandatory {
			c.EnforcementLevel = pulumirpc.EnforcementLevel_MANDATORY
		}
		settings, _ := given.(map[string]any)
		settings = maps.Clone(settings)
		level, _ := given.(string) // in place of settings
		if settings != nil {
			level, _ = settings["enforcementLevel"].(string)
			delete(settings, "enforcementLevel")
		}
		if level != "" {
			c.EnforcementLevel = pulumirpc.EnforcementLevel(pulumirpc.EnforcementLevel_value[strings.ToUpper(level)])
		}
		c.Properties = object(t, settings)
		configured[name] = c
	}
	return configured
}

// An evaluation makes the requests of the engine out of a program in YAML, as the language host does.
type evaluation struct {
	t       *testing.T
	outputs map[string]map[string]any // by the name of a resource
	used    map[string]bool           // names of the resources that a property was made of
}

// evaluate is a program as a stack that is created. Resources stand in the order in which they refer to each other.
func evaluate(t *testing.T, source string) *fixture {
	t.Helper()
	var program struct {
		Name, Runtime string
		Resources     yaml.Node
	}
	decoder := yaml.NewDecoder(strings.NewReader(source))
	decoder.KnownFields(true)
	if err := decoder.Decode(&program); err != nil {
		t.Fatal(err)
	}
	f := &fixture{}
	e := evaluation{t: t, outputs: map[string]map[string]any{}}
	for i := 0; i < len(program.Resources.Content); i += 2 {
		f.Resources = append(f.Resources, e.resource(program.Resources.Content[i].Value, program.Resources.Content[i+1]))
	}
	return f
}

// resource declares a resource.
func (e *evaluation) resource(name string, n *yaml.Node) fixtureResource {
	e.t.Helper()
	var declared struct {
		Type       string
		Properties yaml.Node
		Options    struct{ Protect bool }
	}
	if err := n.Decode(&declared); err != nil {
		e.t.Fatal(err)
	}
	r := fixtureResource{
		Name: name, Type: token(declared.Type), Protect: declared.Options.Protect,
		Provider: "default", DependsOn: map[string][]string{},
	}
	inputs := map[string]any{}
	for i := 0; i < len(declared.Properties.Content); i += 2 {
		property := declared.Properties.Content[i].Value
		e.used = map[string]bool{}
		inputs[property] = e.value(declared.Properties.Content[i+1])
		if len(e.used) > 0 {
			r.DependsOn[property] = slices.Sorted(maps.Keys(e.used))
		}
	}
	outputs := foresee(name, r.Type, inputs)
	e.outputs[name] = maps.Clone(inputs)
	maps.Copy(e.outputs[name], outputs)
	for _, encode := range []struct {
		into *yaml.Node
		from map[string]any
	}{{&r.Inputs, inputs}, {&r.Outputs, outputs}, {&r.ProviderInputs, map[string]any{"region": "us-east-1"}}} {
		if err := encode.into.Encode(encode.from); err != nil {
			e.t.Fatal(err)
		}
	}
	return r
}

// token is the type of a program in YAML as the engine writes it: of aws:dynamodb:Table aws:dynamodb/table:Table.
func token(typ string) string {
	parts := strings.Split(typ, ":")
	if parts[0] == "aws" && len(parts) == 3 {
		parts[1] += "/" + strings.ToLower(parts[2][:1]) + parts[2][1:]
	}
	return strings.Join(parts, ":")
}

// foresee is what AWS tells of a resource.
func foresee(name, typ string, inputs map[string]any) map[string]any {
	properties := map[string]resource.Value{}
	for property, value := range inputs {
		properties[property] = resource.Decode(value)
	}
	for _, t := range foresight.Types() {
		for _, o := range t.Outputs {
			if _, given := properties[o.Property]; t.Token == typ && !given {
				properties[o.Property] = resource.UnknownValue()
			}
		}
	}
	r := foresight.Resource{URN: resource.URN("urn:pulumi:dev::shop::" + typ + "::" + name), Properties: resource.ObjectValue(properties)}
	outputs := map[string]any{}
	for _, v := range foresight.Values(r, foresight.Place{Partition: "aws", Account: "111122223333", Region: "us-east-1"}, true) {
		if v.Property == "" {
			v.Property = "id"
		}
		outputs[v.Property] = v.Text
	}
	return outputs
}

// value evaluates an expression.
func (e *evaluation) value(n *yaml.Node) any {
	e.t.Helper()
	switch n.Kind {
	case yaml.MappingNode:
		if n.Content[0].Value == "fn::toJSON" {
			text, err := json.Marshal(e.value(n.Content[1]))
			if err != nil {
				e.t.Fatal(err)
			}
			return string(text)
		}
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = e.value(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		l := []any{}
		for _, element := range n.Content {
			l = append(l, e.value(element))
		}
		return l
	case yaml.ScalarNode:
		var v any
		if err := n.Decode(&v); err != nil {
			e.t.Fatal(err)
		}
		if s, ok := v.(string); ok {
			return e.interpolate(s)
		}
		return v
	default:
		e.t.Fatalf("line %d: neither an object, a list nor a scalar", n.Line)
		return nil
	}
}

var interpolation = regexp.MustCompile(`\$?\$\{[^}]*\}`)

// interpolate puts what a text refers to in its place: ${orders.arn}. After a further $ it is no reference.
func (e *evaluation) interpolate(s string) string {
	return interpolation.ReplaceAllStringFunc(s, func(m string) string {
		if strings.HasPrefix(m, "$$") {
			return m[1:]
		}
		name, property, _ := strings.Cut(m[2:len(m)-1], ".")
		value, ok := e.outputs[name][property].(string)
		if !ok {
			e.t.Fatalf("%s is no text that is known", m)
		}
		e.used[name] = true
		return value
	})
}
