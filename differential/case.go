package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
)

// Case is one request and the policies it is judged by: a line of the cases that package simulate and the oracle read.
type Case struct {
	ID             string          `json:"id"`
	Action         string          `json:"action"`
	Resource       string          `json:"resource"`            // an ARN; "*" for an action that takes no resource
	Principal      string          `json:"principal,omitempty"` // an ARN; "": user/alice of account 111122223333
	AccountID      string          `json:"accountId,omitempty"` // of the resource; "": the account in its ARN
	Context        map[string]List `json:"context,omitempty"`
	Identity       []*Document     `json:"identity"`
	ResourcePolicy *Document       `json:"resourcePolicy,omitempty"`
	Boundary       []*Document     `json:"boundary,omitempty"`
	SCP            []Level         `json:"scp,omitempty"`
	// Defect says why IAM would refuse one of the documents; "" when all are valid.
	Defect string `json:"defect,omitempty"`
}

// Level is an organization, an organizational unit or an account, with the service control policies attached to it.
type Level struct {
	OrgIdentifier string     `json:"orgIdentifier"`
	Policies      []Attached `json:"policies"`
}

type Attached struct {
	Name   string    `json:"name"`
	Policy *Document `json:"policy"`
}

// Document is a policy document.
type Document struct {
	Version   string // "" is none
	Statement []*Statement
	// Text is the document instead, when it is one that IAM would refuse.
	Text string
}

type Statement struct {
	Sid          string `json:",omitempty"`
	Effect       string
	Principal    *Principal                 `json:",omitempty"`
	NotPrincipal *Principal                 `json:",omitempty"`
	Action       *List                      `json:",omitempty"`
	NotAction    *List                      `json:",omitempty"`
	Resource     *List                      `json:",omitempty"`
	NotResource  *List                      `json:",omitempty"`
	Condition    map[string]map[string]List `json:",omitempty"` // by operator, then key
}

// Principal is "*", or lists by type.
type Principal struct {
	Anyone bool
	Types  map[string]List
}

// everybody reports whether the principals hold everybody.
func (p *Principal) everybody() bool { return p.Anyone || slices.Contains(p.Types["AWS"].Values, "*") }

// List is a value that IAM accepts as a single string and as a list of them.
type List struct {
	Values []string
	Bare   bool // a single string
	Plain  bool // numbers and booleans without quotes
}

func (d *Document) MarshalJSON() ([]byte, error) {
	if d.Text != "" {
		return []byte(d.Text), nil
	}
	return encode(struct {
		Version   string `json:",omitempty"`
		Statement []*Statement
	}{d.Version, d.Statement})
}

// UnmarshalJSON keeps the text of what is no valid document: only documents that the generator made can be taken apart.
func (d *Document) UnmarshalJSON(text []byte) error {
	var valid struct {
		Version   string
		Statement []*Statement
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&valid); err == nil {
		*d = Document{Version: valid.Version, Statement: valid.Statement}
		var compact bytes.Buffer
		if again, err := encode(d); err == nil && json.Compact(&compact, text) == nil && bytes.Equal(again, compact.Bytes()) {
			return nil
		}
	}
	*d = Document{Text: string(text)}
	return nil
}

func (p Principal) MarshalJSON() ([]byte, error) {
	if p.Anyone {
		return []byte(`"*"`), nil
	}
	return encode(p.Types)
}

func (p *Principal) UnmarshalJSON(text []byte) error {
	if string(text) == `"*"` {
		*p = Principal{Anyone: true}
		return nil
	}
	return json.Unmarshal(text, &p.Types)
}

func (l List) MarshalJSON() ([]byte, error) {
	values := make([]json.RawMessage, len(l.Values))
	for i, v := range l.Values {
		var err error
		if values[i], err = encode(v); err != nil {
			return nil, err
		}
		if l.Plain && plain(v) {
			values[i] = json.RawMessage(v)
		}
	}
	if l.Bare && len(values) == 1 {
		return values[0], nil
	}
	return encode(values)
}

func (l *List) UnmarshalJSON(text []byte) error {
	var values []any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	values, list := value.([]any)
	if !list {
		values = []any{value}
	}
	*l = List{Bare: !list}
	for _, v := range values {
		switch v := v.(type) {
		case string:
			l.Values = append(l.Values, v)
		case json.Number:
			l.Values, l.Plain = append(l.Values, v.String()), true
		case bool:
			l.Values, l.Plain = append(l.Values, strconv.FormatBool(v)), true
		default:
			return &json.UnmarshalTypeError{Value: "value", Offset: 0}
		}
	}
	return nil
}

// plain reports whether JSON can write the value without quotes and give it back unchanged.
func plain(v string) bool {
	if v == "true" || v == "false" {
		return true
	}
	n, err := strconv.Atoi(v)
	return err == nil && strconv.Itoa(n) == v
}

// encode is json.Marshal that leaves "<", ">" and "&" as they are.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

// Line is the case as one line of JSON.
func (c *Case) Line() []byte {
	line, err := encode(c)
	if err != nil {
		panic(err) // a document of the generator is not JSON
	}
	return line
}

// clone is a deep copy, to be changed.
func (c *Case) clone() *Case {
	var copied Case
	if err := json.Unmarshal(c.Line(), &copied); err != nil {
		panic(err)
	}
	if copied.Context == nil {
		copied.Context = map[string]List{}
	}
	return &copied
}

// documents are all documents of the case.
func (c *Case) documents() []*Document {
	docs := append(append([]*Document{}, c.Identity...), c.Boundary...)
	if c.ResourcePolicy != nil {
		docs = append(docs, c.ResourcePolicy)
	}
	for _, level := range c.SCP {
		for _, attached := range level.Policies {
			docs = append(docs, attached.Policy)
		}
	}
	return docs
}
