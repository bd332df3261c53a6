package facts

import (
	"slices"
	"strings"
	"sync"

	"dynamoguard/internal/iam"
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

// A link is what a resource says of principals: those it names get its documents, the policies it names, a place in
// the groups it names, or a boundary.
type link struct {
	principals []Reference // none where the resource is the principal itself
	policies   []Reference
	groups     []Reference
	boundary   []Reference
}

var links = map[string]link{
	Role: {
		policies: []Reference{{"managedPolicyArns", KindManagedPolicy}},
		boundary: []Reference{{"permissionsBoundary", KindManagedPolicy}},
	},
	User:             {boundary: []Reference{{"permissionsBoundary", KindManagedPolicy}}},
	Group:            {},
	SSOPermissionSet: {},

	RolePolicy:    {principals: []Reference{{"role", KindRole}}},
	UserPolicy:    {principals: []Reference{{"user", KindUser}}},
	GroupPolicy:   {principals: []Reference{{"group", KindGroup}}},
	PermissionSet: {principals: []Reference{{"permissionSetArn", KindPermissionSet}}},

	RoleAttachment:   attaches(Reference{"role", KindRole}, "policyArn"),
	UserAttachment:   attaches(Reference{"user", KindUser}, "policyArn"),
	GroupAttachment:  attaches(Reference{"group", KindGroup}, "policyArn"),
	RoleAttachments:  attaches(Reference{"roleName", KindRole}, "policyArns"),
	UserAttachments:  attaches(Reference{"userName", KindUser}, "policyArns"),
	GroupAttachments: attaches(Reference{"groupName", KindGroup}, "policyArns"),
	SSOAttachment:    attaches(Reference{"permissionSetArn", KindPermissionSet}, "managedPolicyArn"),
	SSOCustomerAttachment: attaches(Reference{"permissionSetArn", KindPermissionSet},
		"customerManagedPolicyReference.name"),
	SSOAttachments: attaches(Reference{"permissionSetArn", KindPermissionSet}, "managedPolicyArns"),
	SSOCustomerAttachments: attaches(Reference{"permissionSetArn", KindPermissionSet},
		"customerManagedPolicyReferences[].name"),
	Attachment: {
		principals: []Reference{{"roles", KindRole}, {"users", KindUser}, {"groups", KindGroup}},
		policies:   []Reference{{"policyArn", KindManagedPolicy}},
	},
	SSOBoundaryAttachment: {
		principals: []Reference{{"permissionSetArn", KindPermissionSet}},
		boundary: []Reference{
			{"permissionsBoundary.managedPolicyArn", KindManagedPolicy},
			{"permissionsBoundary.customerManagedPolicyReference.name", KindManagedPolicy},
		},
	},
	UserMemberships: {principals: []Reference{{"user", KindUser}}, groups: []Reference{{"groups", KindGroup}}},
	GroupMembers:    {principals: []Reference{{"users", KindUser}}, groups: []Reference{{"group", KindGroup}}},

	NativeRole: {
		policies: []Reference{{"managedPolicyArns", KindManagedPolicy}},
		boundary: []Reference{{"permissionsBoundary", KindManagedPolicy}},
	},
	NativeUser: {
		policies: []Reference{{"managedPolicyArns", KindManagedPolicy}},
		groups:   []Reference{{"groups", KindGroup}},
		boundary: []Reference{{"permissionsBoundary", KindManagedPolicy}},
	},
	NativeGroup:       {policies: []Reference{{"managedPolicyArns", KindManagedPolicy}}},
	NativeRolePolicy:  {principals: []Reference{{"roleName", KindRole}}},
	NativeUserPolicy:  {principals: []Reference{{"userName", KindUser}}},
	NativeGroupPolicy: {principals: []Reference{{"groupName", KindGroup}}},
	NativeManagedPolicy: {
		principals: []Reference{{"roles", KindRole}, {"users", KindUser}, {"groups", KindGroup}},
	},
	NativePermissionSet: {
		policies: []Reference{{"managedPolicies", KindManagedPolicy}, {"customerManagedPolicyReferences[].name", KindManagedPolicy}},
		boundary: []Reference{
			{"permissionsBoundary.managedPolicyArn", KindManagedPolicy},
			{"permissionsBoundary.customerManagedPolicyReference.name", KindManagedPolicy},
		},
	},
}

func attaches(principal Reference, policies string) link {
	return link{principals: []Reference{principal}, policies: []Reference{{policies, KindManagedPolicy}}}
}

// AttachmentReads returns the types that attach policies by ARN, and the patterns of the properties that name them.
func AttachmentReads() map[string][]string {
	reads := map[string][]string{}
	for typ, l := range links {
		for _, p := range l.policies {
			if !strings.HasSuffix(p.Property, ".name") { // a policy of another account, which has no ARN here
				reads[typ] = append(reads[typ], p.Property)
			}
		}
	}
	return reads
}

// LinkReads returns the types that say something of principals, and the patterns of all properties that are read of them to
// join these with what is attached to them, their documents left out. Many ask for it, and none changes it.
var LinkReads = sync.OnceValue(func() map[string][]string {
	reads := map[string][]string{}
	add := func(typ string, patterns ...string) {
		for _, p := range patterns {
			if !slices.Contains(reads[typ], p) {
				reads[typ] = append(reads[typ], p)
			}
		}
	}
	for typ, l := range links {
		for _, references := range [][]Reference{l.principals, l.policies, l.groups, l.boundary} {
			for _, ref := range references {
				add(typ, resource.Patterns(ref.Property)...)
			}
		}
	}
	for typ, e := range entities {
		if e.kind != KindTable && e.kind != KindInstanceProfile {
			add(typ, e.name, e.arn)
		}
	}
	return reads
})

// A Principal is a role, user, group or permission set that the stack declares, or says something of.
type Principal struct {
	// URN is that of the declared resource; of a principal the stack only names, that of the first resource to name it.
	URN      resource.URN
	Kind     Kind
	Name     string // as IAM knows it, else the logical name; fit to be shown
	IAMName  string // as IAM knows it; empty where that is not known
	Declared bool

	Documents []Attached // inline, and of the stack's own managed policies; a user's groups' included
	Managed   []Managed  // managed policies that the stack does not declare; a user's groups' included
	// Bounded: there is a permissions boundary. Its document is Boundary where the stack declares it, its ARN
	// BoundaryARN where it is known, which no message may show where BoundarySecret is set.
	Bounded        bool
	Boundary       *Attached
	BoundaryARN    string
	BoundarySecret bool
	// Unknown are the properties that may add to this, and are not known yet; Problems are those that cannot be read.
	Unknown  []Place
	Problems []Problem

	groups []*Principal
	has    map[*Document]bool // Documents
}

// Groups are those that a user is in. What they have is among what it has, as far as the stack knows it.
func (p *Principal) Groups() []*Principal { return p.groups }

// An Attached is a document that counts for a principal. By is the resource that holds it; Inherited, a user has it from
// a group.
type Attached struct {
	By        resource.URN
	Inherited bool
	*Document
}

// A Managed is an attachment of a managed policy by an ARN that is no resource of the stack. Inherited, a user has it from a group.
type Managed struct {
	Place
	ARN       string
	Secret    bool // no message may show the ARN
	Inherited bool
}

// Principals are what a stack says of its principals, joined over its resources.
type Principals struct {
	List []*Principal // in the order in which they are declared or named first
	// Unknown are properties that name a principal which is not known yet, Problems what cannot be read of who is meant.
	Unknown  []Place
	Problems []Problem
}

// A joiner joins the principals of a stack with what its resources say of them.
type joiner struct {
	graph  *Graph
	joined *Principals
	known  map[handle]*Principal
}

// A handle is what a principal is known by: what names it, or its URN where it is declared.
type handle struct {
	kind Kind
	text string
}

func newPrincipals(g *Graph) *Principals {
	s := &joiner{graph: g, joined: &Principals{}, known: map[handle]*Principal{}}
	for _, r := range g.Resources {
		if l, ok := links[r.Type]; ok {
			s.link(r, l)
		}
	}
	for _, p := range s.joined.List {
		for _, g := range p.groups {
			for _, d := range g.Documents {
				d.Inherited = true
				p.Documents = append(p.Documents, d)
			}
			for _, m := range g.Managed {
				m.Inherited = true
				p.Managed = append(p.Managed, m)
			}
			p.Unknown = append(p.Unknown, g.Unknown...)
			p.Problems = append(p.Problems, g.Problems...)
		}
		p.Unknown, p.Problems = Distinct(p.Unknown), Distinct(p.Problems)
	}
	return s.joined
}

// Distinct returns the elements of a list in order, each once. It changes the list.
func Distinct[E comparable](list []E) []E {
	met := map[E]bool{}
	return slices.DeleteFunc(list, func(e E) bool {
		again := met[e]
		met[e] = true
		return again
	})
}

// link adds what one resource says to the principals it is about.
func (s *joiner) link(r *resource.Resource, l link) {
	var principals []*Principal
	if len(l.principals) == 0 {
		principals = []*Principal{s.principal(KindOf(r.Type), Target{Declared: r}, r.URN)}
	}
	for _, ref := range l.principals {
		var log resource.Log
		targets, unknown := s.graph.Resolve(r, ref, &log)
		for _, t := range targets {
			principals = append(principals, s.principal(ref.Kind, t, r.URN))
		}
		if unknown {
			s.joined.Unknown = append(s.joined.Unknown, Place{r.URN, resource.Path(ref.Property)})
		}
		for _, message := range log.Mistyped {
			s.joined.Problems = append(s.joined.Problems, Problem{r.URN, message})
		}
	}
	for _, p := range principals {
		if l.boundary == nil || len(l.principals) == 0 {
			p.attach(r.URN, s.documentsOf(r))
		}
		for _, ref := range l.policies {
			for _, t := range s.resolve(p, r, ref) {
				if t.Declared != nil {
					p.attach(t.Declared.URN, s.documentsOf(t.Declared))
				} else {
					p.Managed = append(p.Managed, Managed{Place: Place{r.URN, t.Path}, ARN: t.Text, Secret: t.Secret})
				}
			}
		}
		for _, ref := range l.groups {
			for _, t := range s.resolve(p, r, ref) {
				p.groups = append(p.groups, s.principal(KindGroup, t, r.URN))
			}
		}
		for _, ref := range l.boundary {
			s.boundary(p, r, ref)
		}
	}
}

// resolve resolves a reference for a principal; what is in the way of that is in the way of judging it.
func (s *joiner) resolve(p *Principal, r *resource.Resource, ref Reference) []Target {
	var log resource.Log
	targets, unknown := s.graph.Resolve(r, ref, &log)
	if unknown {
		p.Unknown = append(p.Unknown, Place{r.URN, resource.Path(ref.Property)})
	}
	for _, message := range log.Mistyped {
		p.Problems = append(p.Problems, Problem{r.URN, message})
	}
	return targets
}

func (p *Principal) attach(by resource.URN, documents []*Document) {
	for _, d := range documents {
		if d.Part && d.Known {
			p.Unknown = append(p.Unknown, Place{by, d.Path}) // may add to what is known of it
		}
		switch {
		case !d.Known:
			p.Unknown = append(p.Unknown, Place{by, d.Path})
		case d.Document == nil:
			p.Problems = append(p.Problems, Problem{by, d.Mistyped})
		case !p.has[d]: // else it is attached in more than one way
			if p.has == nil {
				p.has = map[*Document]bool{}
			}
			p.has[d] = true
			p.Documents = append(p.Documents, Attached{By: by, Document: d})
		}
	}
}

func (s *joiner) boundary(p *Principal, r *resource.Resource, ref Reference) {
	var log resource.Log
	targets, unknown := s.graph.Resolve(r, ref, &log)
	p.Bounded = p.Bounded || unknown || len(targets) > 0
	for _, message := range log.Mistyped {
		p.Problems = append(p.Problems, Problem{r.URN, message})
	}
	for _, t := range targets {
		if t.Declared == nil {
			p.BoundaryARN, p.BoundarySecret = t.Text, t.Secret
			continue
		}
		for _, d := range s.documentsOf(t.Declared) {
			p.Boundary = &Attached{By: t.Declared.URN, Document: d}
		}
	}
}

// documentsOf returns what a resource grants.
func (s *joiner) documentsOf(r *resource.Resource) []*Document {
	return s.graph.Facts(r).Documents(iam.Identity)
}

// principal returns the principal that is declared, or named.
func (s *joiner) principal(kind Kind, t Target, by resource.URN) *Principal {
	key := handle{kind, t.Text}
	if t.Declared != nil {
		key.text = string(t.Declared.URN)
	}
	p, ok := s.known[key]
	if ok {
		return p
	}
	p = &Principal{URN: by, Kind: kind, Name: t.Shown, IAMName: lastSegment(t.Text)}
	if r := t.Declared; r != nil {
		p.URN, p.Declared, p.Name = r.URN, true, r.URN.Name()
		name := r.Properties.Get(entities[r.Type].name)
		p.IAMName, _ = name.Text()
		if p.IAMName != "" && !name.Secret() {
			p.Name = p.IAMName
		}
	}
	s.known[key] = p
	s.joined.List = append(s.joined.List, p)
	return p
}
