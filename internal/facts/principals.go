package facts

import (
	"slices"
	"strings"
	"sync"

	"dynamoguard/internal/resource"
)

// The types that attach policies to principals, and principals to each other.
const (
	User                   = "aws:iam/user:User"
	Group                  = "aws:iam/group:Group"
	SSOPermissionSet       = "aws:ssoadmin/permissionSet:PermissionSet"
	RoleAttachment         = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	UserAttachment         = "aws:iam/userPolicyAttachment:UserPolicyAttachment"
	GroupAttachment        = "aws:iam/groupPolicyAttachment:GroupPolicyAttachment"
	Attachment             = "aws:iam/policyAttachment:PolicyAttachment"
	RoleAttachments        = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
	UserAttachments        = "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive"
	GroupAttachments       = "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive"
	UserMemberships        = "aws:iam/userGroupMembership:UserGroupMembership"
	GroupMembers           = "aws:iam/groupMembership:GroupMembership"
	SSOAttachment          = "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment"
	SSOCustomerAttachment  = "aws:ssoadmin/customerManagedPolicyAttachment:CustomerManagedPolicyAttachment"
	SSOAttachments         = "aws:ssoadmin/managedPolicyAttachmentsExclusive:ManagedPolicyAttachmentsExclusive"
	SSOCustomerAttachments = "aws:ssoadmin/customerManagedPolicyAttachmentsExclusive:CustomerManagedPolicyAttachmentsExclusive"
	SSOBoundaryAttachment  = "aws:ssoadmin/permissionsBoundaryAttachment:PermissionsBoundaryAttachment"
)

// A reference is a property that names resources of one type, by name or ARN, alone or in a list. A member of a block, or of
// a list of blocks, is written as a pattern.
type reference struct {
	property string
	typ      string
}

// A link is what a resource says of principals: those it names get its documents, the policies it names, a place in
// the groups it names, or a boundary.
type link struct {
	principals []reference // none where the resource is the principal itself
	policies   []reference
	groups     []reference
	boundary   []reference
}

var links = map[string]link{
	Role: {
		policies: []reference{{"managedPolicyArns", ManagedPolicy}},
		boundary: []reference{{"permissionsBoundary", ManagedPolicy}},
	},
	User:             {boundary: []reference{{"permissionsBoundary", ManagedPolicy}}},
	Group:            {},
	SSOPermissionSet: {},

	RolePolicy:    {principals: []reference{{"role", Role}}},
	UserPolicy:    {principals: []reference{{"user", User}}},
	GroupPolicy:   {principals: []reference{{"group", Group}}},
	PermissionSet: {principals: []reference{{"permissionSetArn", SSOPermissionSet}}},

	RoleAttachment:   attaches(reference{"role", Role}, "policyArn"),
	UserAttachment:   attaches(reference{"user", User}, "policyArn"),
	GroupAttachment:  attaches(reference{"group", Group}, "policyArn"),
	RoleAttachments:  attaches(reference{"roleName", Role}, "policyArns"),
	UserAttachments:  attaches(reference{"userName", User}, "policyArns"),
	GroupAttachments: attaches(reference{"groupName", Group}, "policyArns"),
	SSOAttachment:    attaches(reference{"permissionSetArn", SSOPermissionSet}, "managedPolicyArn"),
	SSOCustomerAttachment: attaches(reference{"permissionSetArn", SSOPermissionSet},
		"customerManagedPolicyReference.name"),
	SSOAttachments: attaches(reference{"permissionSetArn", SSOPermissionSet}, "managedPolicyArns"),
	SSOCustomerAttachments: attaches(reference{"permissionSetArn", SSOPermissionSet},
		"customerManagedPolicyReferences[].name"),
	Attachment: {
		principals: []reference{{"roles", Role}, {"users", User}, {"groups", Group}},
		policies:   []reference{{"policyArn", ManagedPolicy}},
	},
	SSOBoundaryAttachment: {
		principals: []reference{{"permissionSetArn", SSOPermissionSet}},
		boundary: []reference{
			{"permissionsBoundary.managedPolicyArn", ManagedPolicy},
			{"permissionsBoundary.customerManagedPolicyReference.name", ManagedPolicy},
		},
	},
	UserMemberships: {principals: []reference{{"user", User}}, groups: []reference{{"groups", Group}}},
	GroupMembers:    {principals: []reference{{"users", User}}, groups: []reference{{"group", Group}}},
}

func attaches(principal reference, policies string) link {
	return link{principals: []reference{principal}, policies: []reference{{policies, ManagedPolicy}}}
}

// AttachmentReads returns the types that attach policies by ARN, and the patterns of the properties that name them.
func AttachmentReads() map[string][]string {
	reads := map[string][]string{}
	for typ, l := range links {
		for _, p := range l.policies {
			if typ != SSOCustomerAttachment && typ != SSOCustomerAttachments { // name policies of other accounts
				reads[typ] = append(reads[typ], p.property)
			}
		}
	}
	return reads
}

// LinkReads returns the types that say something of principals, and the patterns of all properties that the join reads of
// them.
func LinkReads() map[string][]string {
	reads := map[string][]string{}
	for typ, l := range links {
		for _, references := range [][]reference{l.principals, l.policies, l.groups, l.boundary} {
			for _, ref := range references {
				reads[typ] = append(reads[typ], ref.property)
			}
		}
	}
	for _, typ := range []string{Role, User, Group, SSOPermissionSet, ManagedPolicy} {
		reads[typ] = append(reads[typ], "name")
	}
	return reads
}

// A Principal is a role, user, group or permission set that the stack declares, or says something of.
type Principal struct {
	// URN is that of the declared resource; of a principal the stack only names, that of the first resource to name it.
	URN      resource.URN
	Type     string // type token
	Name     string // as IAM knows it, else the logical name
	Declared bool

	Documents []Attached // inline, and of the stack's own managed policies; a user's groups' included
	Managed   []Managed  // managed policies that the stack does not declare; a user's groups' included
	// Bounded: there is a permissions boundary. Its document is Boundary where the stack declares it, its ARN
	// BoundaryARN where it is known.
	Bounded     bool
	Boundary    *Attached
	BoundaryARN string
	// Unknown are the properties that may add to this, and are not known yet.
	Unknown []Place

	groups []*Principal
}

// Kind is the type as people name it: "role".
func (p *Principal) Kind() string {
	return map[string]string{Role: "role", User: "user", Group: "group", SSOPermissionSet: "permission set"}[p.Type]
}

// A Place is a property of a resource.
type Place struct {
	URN  resource.URN
	Path resource.Path
}

// An Attached is a document that counts for a principal. By is the resource that holds it; Inherited, a user has it from
// a group.
type Attached struct {
	By        resource.URN
	Inherited bool
	*Document
}

// A Managed is an attachment of a managed policy by an ARN that is no resource of the stack.
type Managed struct {
	Place
	ARN string
}

// A Join is what a stack says of its principals, joined over its resources.
type Join struct {
	Resources []*resource.Resource
	// Unknown are properties that name a principal which is not known yet.
	Unknown    []Place
	principals func() []*Principal
}

// NewJoin returns the join of a stack. It is worked out when first asked for.
func NewJoin(resources []*resource.Resource) *Join {
	j := &Join{Resources: resources}
	j.principals = sync.OnceValue(j.join)
	return j
}

// Principals returns the principals in the order in which they are declared or named first.
func (j *Join) Principals() []*Principal { return j.principals() }

// joiner is the state of one join.
type joiner struct {
	join  *Join
	byURN map[resource.URN]*resource.Resource
	// names finds declared resources by type and name, or ARN: several, where a name is used in several accounts.
	names      map[[2]string][]*resource.Resource
	principals map[[2]string]*Principal // by type and what names them, or URN where they are declared
	order      []*Principal
	documents  map[resource.URN][]*Document
}

func (j *Join) join() []*Principal {
	s := &joiner{
		join:       j,
		byURN:      map[resource.URN]*resource.Resource{},
		names:      map[[2]string][]*resource.Resource{},
		principals: map[[2]string]*Principal{},
		documents:  map[resource.URN][]*Document{},
	}
	for _, r := range j.Resources {
		s.byURN[r.URN] = r
		for _, property := range []string{"name", "arn"} {
			if text, ok := r.Properties.Get(property).Text(); ok && text != "" {
				key := [2]string{r.Type, text}
				s.names[key] = append(s.names[key], r)
			}
		}
	}
	for _, r := range j.Resources {
		if l, ok := links[r.Type]; ok {
			s.link(r, l)
		}
	}
	for _, p := range s.order {
		for _, g := range p.groups {
			for _, d := range g.Documents {
				d.Inherited = true
				p.Documents = append(p.Documents, d)
			}
			p.Managed = append(p.Managed, g.Managed...)
			p.Unknown = append(p.Unknown, g.Unknown...)
		}
	}
	return s.order
}

// link adds what one resource says to the principals it is about.
func (s *joiner) link(r *resource.Resource, l link) {
	var principals []*Principal
	if len(l.principals) == 0 {
		principals = []*Principal{s.principal(r.Type, found{declared: r}, r.URN)}
	}
	for _, ref := range l.principals {
		found, unknown := s.resolve(r, ref)
		for _, f := range found {
			principals = append(principals, s.principal(ref.typ, f, r.URN))
		}
		if unknown {
			s.join.Unknown = append(s.join.Unknown, Place{r.URN, resource.Path(ref.property)})
		}
	}
	for _, p := range principals {
		if l.boundary == nil || len(l.principals) == 0 {
			p.attach(r.URN, s.documentsOf(r))
		}
		for _, ref := range l.policies {
			s.policies(p, r, ref)
		}
		for _, ref := range l.groups {
			found, unknown := s.resolve(r, ref)
			for _, f := range found {
				p.groups = append(p.groups, s.principal(Group, f, r.URN))
			}
			p.notKnown(unknown, r, ref)
		}
		for _, ref := range l.boundary {
			s.boundary(p, r, ref)
		}
	}
}

func (p *Principal) notKnown(unknown bool, r *resource.Resource, ref reference) {
	if unknown {
		p.Unknown = append(p.Unknown, Place{r.URN, resource.Path(ref.property)})
	}
}

func (p *Principal) attach(by resource.URN, documents []*Document) {
	for _, d := range documents {
		already := func(a Attached) bool { return a.Document == d } // attached in more than one way
		switch {
		case !d.Known:
			p.Unknown = append(p.Unknown, Place{by, d.Path})
		case d.Document != nil && !slices.ContainsFunc(p.Documents, already):
			p.Documents = append(p.Documents, Attached{By: by, Document: d})
		}
	}
}

// policies attaches the managed policies that a property names.
func (s *joiner) policies(p *Principal, r *resource.Resource, ref reference) {
	found, unknown := s.resolve(r, ref)
	for _, f := range found {
		if f.declared != nil {
			p.attach(f.declared.URN, s.documentsOf(f.declared))
		} else {
			p.Managed = append(p.Managed, Managed{Place{r.URN, f.path}, f.text})
		}
	}
	p.notKnown(unknown, r, ref)
}

func (s *joiner) boundary(p *Principal, r *resource.Resource, ref reference) {
	found, unknown := s.resolve(r, ref)
	p.Bounded = p.Bounded || unknown || len(found) > 0
	for _, f := range found {
		if f.declared == nil {
			p.BoundaryARN = f.text
			continue
		}
		for _, d := range s.documentsOf(f.declared) {
			p.Boundary = &Attached{By: f.declared.URN, Document: d}
		}
	}
}

func (s *joiner) documentsOf(r *resource.Resource) []*Document {
	list, ok := s.documents[r.URN]
	if !ok {
		list = documents(r)
		s.documents[r.URN] = list
	}
	return list
}

// principal returns the principal that is declared, or named.
func (s *joiner) principal(typ string, f found, by resource.URN) *Principal {
	key := [2]string{typ, f.text}
	if f.declared != nil {
		key[1] = string(f.declared.URN)
	}
	p, ok := s.principals[key]
	if ok {
		return p
	}
	p = &Principal{URN: by, Type: typ, Name: f.shown}
	if f.declared != nil {
		p.URN, p.Declared, p.Name = f.declared.URN, true, f.declared.URN.Name()
		name := f.declared.Properties.Get("name")
		if text, ok := name.Text(); ok && !name.Secret() {
			p.Name = text
		}
	}
	s.principals[key] = p
	s.order = append(s.order, p)
	return p
}

// A found is one resource that a property names: by name or ARN, and the declared one, if the stack has it. shown is the
// name as a message may show it.
type found struct {
	text, shown string
	path        resource.Path
	declared    *resource.Resource
}

// resolve returns what a property names, and whether something is missing because it is not known which resource is
// meant. What is not known yet is found by what the property depends on, if nothing else can be meant.
func (s *joiner) resolve(r *resource.Resource, ref reference) (list []found, unknown bool) {
	root, _, _ := strings.Cut(strings.ReplaceAll(ref.property, "[]", ""), ".")
	dependencies := r.PropertyDependencies[root]
	named := map[*resource.Resource]bool{}
	missing := 0
	for _, e := range elementsAt(r, ref.property) {
		text, ok := e.Value.Text()
		switch {
		case ok && text != "":
			shown := lastSegment(text)
			if e.Value.Secret() {
				shown = e.Value.String()
			}
			candidates := s.named(ref.typ, text, r, dependencies)
			switch len(candidates) {
			case 0:
				list = append(list, found{text, shown, e.Path, nil})
			case 1:
				list = append(list, found{text, shown, e.Path, candidates[0]})
				named[candidates[0]] = true
			default:
				unknown = true
			}
		case e.Value.Kind() == resource.Unknown:
			missing++
		}
	}
	if missing == 0 {
		return list, unknown
	}
	var candidates []*resource.Resource
	for _, urn := range dependencies {
		if c := s.byURN[urn]; c != nil && c.Type == ref.typ && !named[c] && !slices.Contains(candidates, c) {
			candidates = append(candidates, c)
		}
	}
	if len(candidates) != missing {
		return list, true
	}
	for _, c := range candidates {
		list = append(list, found{path: resource.Path(ref.property), declared: c})
	}
	return list, unknown
}

// elementsAt returns what a pattern leads to. A list counts as its elements, at the end of the pattern and on the way; one
// that is not known yet, as one unknown element.
func elementsAt(r *resource.Resource, pattern string) []resource.Property {
	elementsOf := func(p resource.Property) []resource.Property {
		if p.Value.Kind() != resource.Array {
			return []resource.Property{p}
		}
		elements, _ := p.Elements()
		return elements
	}
	var log resource.Log
	names := strings.Split(strings.ReplaceAll(pattern, "[]", ""), ".")
	elements := elementsOf(r.Property(names[0], &log))
	for _, name := range names[1:] {
		var members []resource.Property
		for _, e := range elements {
			members = append(members, elementsOf(e.Get(name))...)
		}
		elements = members
	}
	return elements
}

// named finds the declared resources of a type that a name or an ARN can mean to the resource that gives it: where there
// are several, the one it depends on, else the one of its own provider.
func (s *joiner) named(typ, text string, by *resource.Resource, dependencies []resource.URN) []*resource.Resource {
	candidates := s.names[[2]string{typ, text}]
	if strings.HasPrefix(text, "arn:") && len(candidates) == 0 && typ != ManagedPolicy {
		for _, c := range s.names[[2]string{typ, lastSegment(text)}] {
			if _, known := c.Properties.Get("arn").Text(); !known { // else it has another one
				candidates = append(candidates, c)
			}
		}
	}
	for _, preferred := range []func(*resource.Resource) bool{
		func(c *resource.Resource) bool { return slices.Contains(dependencies, c.URN) },
		func(c *resource.Resource) bool {
			return c.Provider != nil && by.Provider != nil && c.Provider.URN == by.Provider.URN
		},
	} {
		if some := slices.DeleteFunc(slices.Clone(candidates), func(c *resource.Resource) bool { return !preferred(c) }); len(some) > 0 {
			candidates = some
		}
	}
	return candidates
}

// lastSegment is the name in an ARN with a path, arn:aws:iam::111122223333:role/path/name.
func lastSegment(text string) string { return text[strings.LastIndexByte(text, '/')+1:] }
