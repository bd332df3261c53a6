// Package simulate answers requests written as JSON, one a line, with what IAM would decide and what the policies of this
// pack would report of the documents.
//
// A request:
//
//	{"id": "...", "action": "dynamodb:GetItem", "resource": "arn:...", "principal": "arn:...", "accountId": "...",
//	 "context": {"aws:username": "alice"}, "identity": [DOCUMENT...], "resourcePolicy": DOCUMENT,
//	 "boundary": [DOCUMENT...], "session": [DOCUMENT...], "scp": [LEVEL...], "rcp": [LEVEL...]}
//
// Only action is required. A document is an object, or a string that holds one; for a list there may be a single
// document. A level of the organization is {"orgIdentifier": "...", "policies": [{"name": "...", "policy": DOCUMENT}...]}, of which
// only the documents count. Context values are strings, numbers, booleans or lists of them. What a file of cases notes of
// a request beside it is passed over: area, basis, defect, expect, finding, findings, want, why. Any other member is an error:
// a misspelt boundary would be none.
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
	"slices"
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
	Session        json.RawMessage            `json:"session"`
	SCP            []level                    `json:"scp"`
	RCP            []level                    `json:"rcp"`
	notes
}

// notes are what a file of cases says of a request, and nothing reads here.
type notes struct {
	Area     json.RawMessage `json:"area"`
	Basis    json.RawMessage `json:"basis"`
	Defect   json.RawMessage `json:"defect"`
	Expect   json.RawMessage `json:"expect"`
	Finding  json.RawMessage `json:"finding"`
	Findings json.RawMessage `json:"findings"`
	Want     json.RawMessage `json:"want"`
	Why      json.RawMessage `json:"why"`
}

// level is one level of an organization, with the policies attached to it.
type level struct {
	OrgIdentifier string `json:"orgIdentifier"`
	Policies      []struct {
		Name   string          `json:"name"`
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
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(new(request)); err != nil {
		return encode(failure{req.ID, "not a request: " + strings.TrimPrefix(err.Error(), "json: ")})
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
	if service, name, _ := strings.Cut(req.Action, ":"); iam.LookupAction(req.Action) == nil && iam.HasService(service) {
		return nil, fmt.Errorf("action %q: %s has no action %s", req.Action, strings.ToLower(service), name)
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
	if in.Session, err = documents("session", req.Session, iam.Identity); err != nil {
		return nil, err
	}
	if in.Control, err = levels("scp", req.SCP, iam.Identity); err != nil {
		return nil, err
	}
	if in.ResourceControl, err = levels("rcp", req.RCP, iam.ResourceControl); err != nil {
		return nil, err
	}
	decision := iam.Evaluate(in)
	return &answer{req.ID, decision.Verdict.String(), reasons(decision), findings(in)}, nil
}

// levels reads the policies of each level of an organization.
func levels(name string, list []level, kind iam.Kind) ([][]*iam.Document, error) {
	var out [][]*iam.Document
	for i, level := range list {
		documents := []*iam.Document{}
		for j, p := range level.Policies {
			d, err := document(fmt.Sprintf("%s[%d].policies[%d].policy", name, i, j), p.Policy, kind)
			if err != nil {
				return nil, err
			}
			documents = append(documents, d)
		}
		out = append(out, documents)
	}
	return out, nil
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
	for _, r := range decision.Reasons() {
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

// findings are the policies of this pack that report one of the documents. What limits grants nothing: only what IAM refuses of
// it is reported, and what does nothing in it.
func findings(req iam.Request) []string {
	granting := slices.Clone(req.Identity)
	var table []*iam.Document
	if req.ResourcePolicy != nil {
		table = []*iam.Document{req.ResourcePolicy}
		granting = append(granting, req.ResourcePolicy)
	}
	all := slices.Concat(granting, req.Boundary, req.Session)
	all = append(append(all, slices.Concat(req.Control...)...), slices.Concat(req.ResourceControl...)...)
	names := []string{}
	for _, policy := range []struct {
		name    string
		of      []*iam.Document
		reports func(*iam.Document) bool
	}{
		{"iam-document", all, func(d *iam.Document) bool { return len(d.Errors) > 0 }},
		{"iam-wildcard-action", granting, func(d *iam.Document) bool { return len(d.WildcardActions(iam.WildcardOptions{})) > 0 }},
		{"iam-unscoped-resource", granting, func(d *iam.Document) bool { return len(d.UnscopedResources(iam.UnscopedOptions{})) > 0 }},
		{"iam-item-level-condition", granting, func(d *iam.Document) bool { return len(d.ItemConditions(undated)) > 0 }},
		{"iam-ineffective-statement", all, func(d *iam.Document) bool { return len(d.IneffectiveStatements()) > 0 }},
		{"iam-sensitive-action", granting, func(d *iam.Document) bool { return sensitive(req, d) }},
		{"table-resource-policy", table, func(d *iam.Document) bool { return shared(req, d) }},
	} {
		if slices.ContainsFunc(policy.of, policy.reports) {
			names = append(names, policy.name)
		}
	}
	return names
}

// undated is the time at which no date in a condition is known to have passed.
var undated time.Time

// sensitive reports whether a document of the request opens sensitive actions that it names, to whom they are out of place with: one of
// the principal's own within its permissions boundary, after the Denies of all; the policy of a table.
func sensitive(req iam.Request, d *iam.Document) bool {
	if d == req.ResourcePolicy {
		return len(d.SensitiveShares(req.Owner(), undated)) > 0
	}
	named := map[int]iam.ActionSet{} // by statement
	for _, f := range d.SensitiveActions() {
		named[f.Statement] = named[f.Statement].Or(f.Named())
	}
	at := slices.Index(req.Identity, d)
	grants := iam.NewGrants(req.Identity, req.Boundary).List
	var all iam.ActionSet
	for _, g := range grants {
		all = all.Or(g.Actions)
	}
	return slices.ContainsFunc(grants, func(g iam.Grant) bool {
		return g.Document == at && !named[g.Statement].And(g.Actions).OutOfPlace(all).Empty()
	})
}

// shared reports whether the policy of a table lets in whom nothing binds to the table's account or to an organization, or keeps its
// own account out.
func shared(req iam.Request, d *iam.Document) bool {
	return len(d.LocksOut(req.Resource, req.Owner(), undated)) > 0 || slices.ContainsFunc(d.Shares(undated), func(s iam.Share) bool {
		return slices.ContainsFunc(s.Readers, func(r iam.Reader) bool {
			switch {
			case s.Abroad.Empty() && r.Type != "Service":
				return false // nobody outside can do what it lets the account do
			case r.Public() || r.Type == "Federated":
				return true
			case r.Account != "":
				return r.Account != req.Owner() && !r.Bound && r.Text != replicationService
			default:
				return !r.Bound && !r.Confined
			}
		})
	})
}

// replicationService replicates between tables of several accounts, each of which lets it in for the others.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables_MA_security.html
const replicationService = "replication.dynamodb.amazonaws.com"
