// Package simulate answers requests written as JSON, one a line, with what IAM would decide and what the policies of this
// pack would report of the documents.
//
// A request:
//
//	{"id": "...", "action": "dynamodb:GetItem", "resource": "arn:...", "principal": "arn:...", "accountId": "...",
//	 "context": {"aws:username": "alice"}, "identity": [DOCUMENT...], "resourcePolicy": DOCUMENT,
//	 "boundary": [DOCUMENT...], "scp": [{"policies": [{"policy": DOCUMENT}...]}...]}
//
// Only action is required. A document is an object, or a string that holds one; for a list there may be a single
// document. Context values are strings, numbers, booleans or lists of them. Other members are ignored.
//
// An answer:
//
//	{"id": "...", "verdict": "Allowed", "reasons": [{...}], "findings": ["iam-unscoped-resource"]}
//
// or {"id": "...", "error": "..."} where the line is no request.
package simulate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"dynamoguard/internal/iam"
	"dynamoguard/internal/text"
)

// DefaultPrincipal makes the requests that name no principal.
const DefaultPrincipal = "arn:aws:iam::111122223333:user/alice"

type request struct {
	ID             json.RawMessage            `json:"id"`
	Action         string                     `json:"action"`
	Resource       string                     `json:"resource"`
	Principal      string                     `json:"principal"`
	AccountID      string                     `json:"accountId"`
	Context        map[string]json.RawMessage `json:"context"`
	Identity       json.RawMessage            `json:"identity"`
	ResourcePolicy json.RawMessage            `json:"resourcePolicy"`
	Boundary       json.RawMessage            `json:"boundary"`
	SCP            []level                    `json:"scp"`
}

// level is one level of an organization, with the policies attached to it.
type level struct {
	Policies []struct {
		Policy json.RawMessage `json:"policy"`
	} `json:"policies"`
}

type answer struct {
	ID       json.RawMessage `json:"id,omitempty"`
	Verdict  string          `json:"verdict"`
	Reasons  []reason        `json:"reasons"`
	Findings []string        `json:"findings"`
}

type reason struct {
	Rule      string    `json:"rule"`
	Policy    string    `json:"policy,omitempty"`   // "identity policy"
	Document  *int      `json:"document,omitempty"` // index among the policies of this kind
	Statement *int      `json:"statement,omitempty"`
	Elements  []element `json:"elements,omitempty"`
}

type element struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

type failure struct {
	ID    json.RawMessage `json:"id,omitempty"`
	Error string          `json:"error"`
}

// Line answers one line. The answer is printable JSON on one line, without a line break at its end.
func Line(line []byte) []byte {
	var req request
	err := json.Unmarshal(line, &req)
	if mistyped := new(json.UnmarshalTypeError); errors.As(err, &mistyped) {
		return encode(failure{req.ID, fmt.Sprintf("not a request: %q is a JSON %s", "."+mistyped.Field, mistyped.Value)})
	}
	if err != nil {
		return encode(failure{Error: "not a request: " + err.Error()})
	}
	a, err := decide(&req)
	if err != nil {
		return encode(failure{req.ID, err.Error()})
	}
	return encode(a)
}

func encode(v any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return []byte(fmt.Sprintf(`{"error":%q}`, err))
	}
	return []byte(text.Printable(strings.TrimSuffix(out.String(), "\n")))
}

func decide(req *request) (*answer, error) {
	if service, name, ok := strings.Cut(req.Action, ":"); !ok || service == "" || name == "" || strings.ContainsAny(req.Action, "*?") {
		return nil, fmt.Errorf("action %q: write one action as service:name", req.Action)
	}
	if req.Resource != "" && req.Resource != "*" && (!strings.HasPrefix(req.Resource, "arn:") || strings.Count(req.Resource, ":") < 5) {
		return nil, fmt.Errorf(`resource %q: write an ARN, or "*" where the action takes no resource`, req.Resource)
	}
	in := iam.Request{Action: req.Action, Resource: req.Resource, Principal: req.Principal, Account: req.AccountID}
	if in.Principal == "" {
		in.Principal = DefaultPrincipal
	}
	var err error
	if in.Context, err = contextOf(req.Context); err != nil {
		return nil, err
	}
	if in.Identity, err = documents("identity", req.Identity, iam.Identity); err != nil {
		return nil, err
	}
	if in.Boundary, err = documents("boundary", req.Boundary, iam.Identity); err != nil {
		return nil, err
	}
	if !missing(req.ResourcePolicy) {
		if in.ResourcePolicy, err = document("resourcePolicy", req.ResourcePolicy, iam.Resource); err != nil {
			return nil, err
		}
	}
	for i, level := range req.SCP {
		documents := []*iam.Document{}
		for j, p := range level.Policies {
			d, err := document(fmt.Sprintf("scp[%d].policies[%d].policy", i, j), p.Policy, iam.Identity)
			if err != nil {
				return nil, err
			}
			documents = append(documents, d)
		}
		in.Control = append(in.Control, documents)
	}
	decision := iam.Evaluate(in)
	return &answer{req.ID, decision.Verdict.String(), reasons(decision), findings(in)}, nil
}

func contextOf(raw map[string]json.RawMessage) (map[string][]string, error) {
	context := make(map[string][]string, len(raw))
	for key, value := range raw {
		var list []json.RawMessage
		if json.Unmarshal(value, &list) != nil {
			list = []json.RawMessage{value}
		}
		values := []string{}
		for _, one := range list {
			var text string
			switch err := json.Unmarshal(one, &text); {
			case err == nil && !missing(one):
			case missing(one), one[0] == '{', one[0] == '[':
				return nil, fmt.Errorf("context %q: write a string or a list of strings", key)
			default:
				text = string(one)
			}
			values = append(values, text)
		}
		context[key] = values
	}
	return context, nil
}

func missing(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

func documents(name string, raw json.RawMessage, kind iam.Kind) ([]*iam.Document, error) {
	if missing(raw) {
		return nil, nil
	}
	if raw[0] != '[' {
		d, err := document(name, raw, kind)
		return []*iam.Document{d}, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	out := []*iam.Document{}
	for i, one := range list {
		d, err := document(fmt.Sprintf("%s[%d]", name, i), one, kind)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// document reads an object as it stands in the line: decoding it first would lose what is wrong with it.
func document(name string, raw json.RawMessage, kind iam.Kind) (*iam.Document, error) {
	if missing(raw) {
		return nil, errors.New(name + ": a policy document must be there")
	}
	text := string(raw)
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return iam.Parse(text, kind), nil
}

func reasons(decision iam.Decision) []reason {
	out := []reason{}
	for _, r := range decision.Reasons {
		shown := reason{Rule: r.Rule}
		if r.Document >= 0 {
			shown.Policy, shown.Document = r.Source.String(), &r.Document
		}
		if r.Statement >= 0 {
			shown.Statement = &r.Statement
		}
		if r.Error != nil {
			shown.Rule = r.Error.In("document")
		}
		for _, e := range r.Elements() {
			shown.Elements = append(shown.Elements, element(e))
		}
		out = append(out, shown)
	}
	return out
}

// findings are the policies of this pack that report one of the documents. Boundaries and service control policies grant
// nothing: only what IAM refuses of them is reported.
func findings(req iam.Request) []string {
	var invalid, wildcard, unscoped, itemLevel bool
	check := func(grants bool, documents ...*iam.Document) {
		for _, d := range documents {
			invalid = invalid || len(d.Errors) > 0
			if grants {
				wildcard = wildcard || len(d.WildcardActions(iam.WildcardOptions{})) > 0
				unscoped = unscoped || len(d.UnscopedResources(iam.UnscopedOptions{})) > 0
				itemLevel = itemLevel || len(d.ItemConditions(time.Time{})) > 0
			}
		}
	}
	check(true, req.Identity...)
	if req.ResourcePolicy != nil {
		check(true, req.ResourcePolicy)
	}
	check(false, req.Boundary...)
	for _, level := range req.Control {
		check(false, level...)
	}
	names := []string{}
	for _, policy := range []struct {
		reports bool
		name    string
	}{
		{invalid, "iam-document"}, {wildcard, "iam-wildcard-action"}, {unscoped, "iam-unscoped-resource"}, {itemLevel, "iam-item-level-condition"},
	} {
		if policy.reports {
			names = append(names, policy.name)
		}
	}
	return names
}
