package foresight_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dynamoguard/internal/foresight"
)

// A published format of ARNs, by the type whose resources have such.
type published struct {
	typ, service, kind, format string
	met                        bool // some ARN has it
}

func formats(t *testing.T) []*published {
	data, err := os.ReadFile("testdata/arns.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var all []*published
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(columns) != 4 {
			t.Fatalf("%q is no type, service, kind and format", line)
		}
		all = append(all, &published{typ: columns[0], service: columns[1], kind: columns[2], format: columns[3]})
	}
	return all
}

var variable = regexp.MustCompile(`\$\{\w+\}`)

// matches tells whether an ARN in a place has the format. What a variable stands for has neither slash nor colon, but for a few.
func (p *published) matches(arn string, in foresight.Place) bool {
	var pattern strings.Builder
	rest := p.format
	for {
		at := variable.FindStringIndex(rest)
		if at == nil {
			break
		}
		pattern.WriteString(regexp.QuoteMeta(rest[:at[0]]))
		switch name := rest[at[0]+2 : at[1]-1]; name {
		case "Partition":
			pattern.WriteString(in.Partition)
		case "Region":
			pattern.WriteString(in.Region)
		case "Account":
			pattern.WriteString(in.Account)
		case "LogGroupName", "ParameterNameWithoutLeadingSlash":
			pattern.WriteString(`[^:]+`)
		case "StreamLabel", "IdentityPoolId": // a time, and a region and an id
			pattern.WriteString(`[^/]+`)
		default:
			if strings.HasSuffix(name, "WithPath") {
				pattern.WriteString(`[^:]*[^:/]`)
			} else {
				pattern.WriteString(`[^:/]+`)
			}
		}
		rest = rest[at[1]:]
	}
	return regexp.MustCompile(`^` + pattern.String() + regexp.QuoteMeta(rest) + `$`).MatchString(arn)
}

// TestPublished holds every ARN that is foreseen to what AWS publishes: the Service Authorization Reference, as others made it
// JSON. A type whose ARN has no line there fails, and so does a line that no ARN meets.
func TestPublished(t *testing.T) {
	all := formats(t)
	seen := map[string]bool{}
	check, _ := samples(t)
	for _, s := range check {
		in := frankfurt
		if strings.Contains(s.inputs, `"region": "us-east-1"`) {
			in.Region = "us-east-1"
		}
		for _, v := range foresight.Values(creation(t, s.typ, s.inputs), frankfurt, true) {
			if !strings.HasPrefix(v.Text, "arn:") {
				continue
			}
			seen[s.typ] = true
			arn := v.Text
			if strings.HasPrefix(s.typ, "aws-native:logs:") {
				arn = strings.TrimSuffix(arn, ":*") // which the published one lacks, and CloudFormation's ends with
			}
			if v.Property == "executionArn" || v.Property == "executeApiArn" {
				arn += "/prod/GET/orders" // it is what the ARNs of an API's methods begin with
			}
			i := slices.IndexFunc(all, func(p *published) bool { return p.typ == s.typ && p.matches(arn, in) })
			if i < 0 {
				t.Errorf("%s: no published format is that of %s", s.typ, arn)
				continue
			}
			all[i].met = true
		}
	}
	for _, typ := range foresight.Types() {
		isARN := func(o foresight.Output) bool {
			return strings.HasPrefix(o.Text, "arn:") || strings.HasSuffix(o.Text, "|here}")
		}
		if slices.ContainsFunc(typ.Outputs, isARN) && !seen[typ.Token] {
			t.Errorf("%s: no ARN of it was compared", typ.Token)
		}
	}
	for _, p := range all {
		if !p.met {
			t.Errorf("%s: no ARN is one of %s %s, %s", p.typ, p.service, p.kind, p.format)
		}
	}
}
