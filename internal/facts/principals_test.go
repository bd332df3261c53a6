package facts_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/resource"
)

// A builder makes resources of one line each: res(type, name, "property", value, ...). A value is a string, a list of
// strings, unknown, or made elsewhere. "property <-" gives what a property depends on.
var unknown = resource.UnknownValue()

func urn(typ, name string) resource.URN {
	return resource.URN("urn:pulumi:dev::shop::" + typ + "::" + name)
}

func res(typ, name string, pairs ...any) *resource.Resource {
	r := &resource.Resource{URN: urn(typ, name), Type: typ, Name: name, PropertyDependencies: map[string][]resource.URN{}}
	members := map[string]resource.Value{}
	for i := 0; i < len(pairs); i += 2 {
		key, value := pairs[i].(string), pairs[i+1]
		if property, ok := strings.CutSuffix(key, " <-"); ok {
			r.PropertyDependencies[property] = value.([]resource.URN)
			continue
		}
		members[key] = val(value)
	}
	r.Properties = resource.ObjectValue(members)
	return r
}

func val(v any) resource.Value {
	switch v := v.(type) {
	case resource.Value:
		return v
	case string:
		return resource.StringValue(v)
	case []string:
		list := make([]resource.Value, len(v))
		for i, s := range v {
			list[i] = resource.StringValue(s)
		}
		return resource.ArrayValue(list)
	case []resource.Value:
		return resource.ArrayValue(v)
	case map[string]resource.Value:
		return resource.ObjectValue(v)
	default:
		panic(fmt.Sprintf("no value of %T", v))
	}
}

const (
	doc       = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}]}`
	policyARN = "arn:aws:iam::111122223333:policy/"
	admin     = "arn:aws:iam::aws:policy/AdministratorAccess"
)

// written is a principal as the cases below write it: kind name: documents by their holders, managed policies, and so on.
func written(p *facts.Principal) string {
	var parts []string
	for _, d := range p.Documents {
		parts = append(parts, d.By.Name()+"."+string(d.Path))
	}
	for _, m := range p.Managed {
		parts = append(parts, m.URN.Name()+"."+string(m.Path)+"="+m.ARN)
	}
	if p.Bounded {
		switch {
		case p.Boundary != nil:
			parts = append(parts, "within "+p.Boundary.By.Name())
		case p.BoundaryARN != "":
			parts = append(parts, "within "+p.BoundaryARN)
		default:
			parts = append(parts, "within something")
		}
	}
	for _, u := range p.Unknown {
		parts = append(parts, "unknown "+u.URN.Name()+"."+string(u.Path))
	}
	for _, x := range p.Problems {
		parts = append(parts, x.URN.Name()+": "+x.Message)
	}
	declared := ""
	if !p.Declared {
		declared = "elsewhere, "
	}
	return fmt.Sprintf("%s%s %s: %s", declared, p.Kind, p.Name, strings.Join(parts, ", "))
}

func TestJoin(t *testing.T) {
	role := res(facts.Role, "app", "name", "app-1234567", "arn", "arn:aws:iam::111122223333:role/path/app-1234567")
	pending := res(facts.Role, "app", "name", "app-1234567", "arn", unknown)
	policy := res(facts.ManagedPolicy, "orders", "policy", doc, "arn", policyARN+"orders")
	newPolicy := res(facts.ManagedPolicy, "orders", "policy", doc, "arn", unknown)
	other := res(facts.ManagedPolicy, "carts", "policy", doc, "arn", unknown)
	of := func(rs ...*resource.Resource) (urns []resource.URN) {
		for _, r := range rs {
			urns = append(urns, r.URN)
		}
		return urns
	}

	by := func(provider string, r *resource.Resource) *resource.Resource {
		r.Provider = &resource.Provider{URN: urn("pulumi:providers:aws", provider)}
		return r
	}

	for _, c := range []struct {
		name  string
		stack []*resource.Resource
		want  []string
	}{
		{"inline documents of a role, in it and beside it", []*resource.Resource{
			res(facts.Role, "app", "name", "app", "inlinePolicies", []resource.Value{
				val(map[string]resource.Value{"name": val("a"), "policy": val(doc)}),
				val(map[string]resource.Value{"name": val("b"), "policy": unknown}),
			}),
			res(facts.RolePolicy, "more", "role", "app", "policy", doc),
		}, []string{"role app: app.inlinePolicies[0].policy, more.policy, unknown app.inlinePolicies[1].policy"}},

		{"by name, by ARN, and in the reverse order", []*resource.Resource{
			res(facts.RoleAttachment, "one", "role", "app-1234567", "policyArn", policyARN+"orders"),
			res(facts.RolePolicy, "two", "role", "arn:aws:iam::111122223333:role/path/app-1234567", "policy", doc),
			role, policy,
		}, []string{"role app-1234567: orders.policy, two.policy"}},

		{"an AWS managed policy, three ways", []*resource.Resource{
			res(facts.Role, "app", "name", "app", "managedPolicyArns", []string{admin}),
			res(facts.RoleAttachment, "beside", "role", "app", "policyArn", admin),
			res(facts.RoleAttachments, "exclusive", "roleName", "app", "policyArns", []string{admin}),
		}, []string{"role app: app.managedPolicyArns[0]=" + admin + ", beside.policyArn=" + admin + ", exclusive.policyArns[0]=" + admin}},

		{"a role of another stack", []*resource.Resource{
			res(facts.RolePolicy, "inline", "role", "ops", "policy", doc),
			res(facts.RoleAttachment, "attached", "role", "ops", "policyArn", admin),
		}, []string{"elsewhere, role ops: inline.policy, attached.policyArn=" + admin}},

		{"one attachment for many", []*resource.Resource{
			policy,
			res(facts.Attachment, "all", "policyArn", policyARN+"orders", "roles", []string{"r"}, "users", []string{"u"}, "groups", []string{"g"}),
		}, []string{"elsewhere, role r: orders.policy", "elsewhere, user u: orders.policy", "elsewhere, group g: orders.policy"}},

		{"a user has what its groups have", []*resource.Resource{
			res(facts.User, "ann", "name", "ann"),
			res(facts.Group, "devs", "name", "devs"),
			res(facts.Group, "ops", "name", "ops"),
			res(facts.UserMemberships, "in", "user", "ann", "groups", []string{"devs"}),
			res(facts.GroupMembers, "of", "users", []string{"ann"}, "group", "ops"),
			res(facts.GroupPolicy, "read", "group", "devs", "policy", doc),
			res(facts.GroupAttachment, "admin", "group", "ops", "policyArn", admin),
		}, []string{
			"user ann: read.policy, admin.policyArn=" + admin, "group devs: read.policy", "group ops: admin.policyArn=" + admin,
		}},

		{"boundaries", []*resource.Resource{
			policy,
			res(facts.Role, "a", "name", "a", "permissionsBoundary", policyARN+"orders"),
			res(facts.Role, "b", "name", "b", "permissionsBoundary", policyARN+"elsewhere"),
			res(facts.Role, "c", "name", "c", "permissionsBoundary", unknown),
		}, []string{"role a: within orders", "role b: within " + policyARN + "elsewhere", "role c: within something"}},

		{"an ARN not known yet, joined by what it depends on", []*resource.Resource{
			pending, newPolicy,
			res(facts.RoleAttachment, "one", "role", "app-1234567", "policyArn", unknown, "policyArn <-", of(newPolicy)),
		}, []string{"role app-1234567: orders.policy"}},

		{"a role not known yet", []*resource.Resource{
			pending,
			res(facts.RolePolicy, "inline", "role", unknown, "role <-", of(pending, newPolicy), "policy", doc),
		}, []string{"role app-1234567: inline.policy"}},

		{"as many as are missing", []*resource.Resource{
			newPolicy, other,
			res(facts.Role, "app", "name", "app", "managedPolicyArns", []resource.Value{unknown, val(admin), unknown},
				"managedPolicyArns <-", of(newPolicy, other)),
		}, []string{"role app: orders.policy, carts.policy, app.managedPolicyArns[1]=" + admin}},

		{"one known, one not: what is named is no candidate", []*resource.Resource{
			policy, other,
			res(facts.Role, "app", "name", "app", "managedPolicyArns", []resource.Value{val(policyARN + "orders"), unknown},
				"managedPolicyArns <-", of(policy, other)),
		}, []string{"role app: orders.policy, carts.policy"}},

		{"a policy attached three times counts once", []*resource.Resource{
			policy,
			res(facts.Role, "app", "name", "app", "managedPolicyArns", []string{policyARN + "orders"}),
			res(facts.RoleAttachment, "one", "role", "app", "policyArn", policyARN+"orders"),
			res(facts.RoleAttachments, "all", "roleName", "app", "policyArns", []string{policyARN + "orders"}),
		}, []string{"role app: orders.policy"}},

		{"one name in two accounts: the one it depends on", []*resource.Resource{
			res(facts.Role, "dev", "name", "app"), res(facts.Role, "prod", "name", "app"),
			res(facts.RolePolicy, "inline", "role", "app", "role <-", []resource.URN{urn(facts.Role, "dev")}, "policy", doc),
		}, []string{"role app: inline.policy", "role app: "}},

		{"one name in two accounts: which is not said", []*resource.Resource{
			res(facts.Role, "dev", "name", "app"), res(facts.Role, "prod", "name", "app"),
			res(facts.RolePolicy, "inline", "role", "app", "policy", doc),
		}, []string{"role app: ", "role app: "}},

		{"one name in two accounts: that of the same provider is meant", []*resource.Resource{
			by("dev", res(facts.Role, "dev", "name", "app")), by("prod", res(facts.Role, "prod", "name", "app")),
			by("prod", res(facts.RolePolicy, "inline", "role", "app", "policy", doc)),
		}, []string{"role app: ", "role app: inline.policy"}},

		{"a namesake in another account", []*resource.Resource{
			role,
			res(facts.RolePolicy, "inline", "role", "arn:aws:iam::999999999999:role/app-1234567", "policy", doc),
		}, []string{"role app-1234567: ", "elsewhere, role app-1234567: inline.policy"}},

		{"no pattern names a principal or a policy", []*resource.Resource{
			role, policy,
			res(facts.RoleAttachment, "all", "role", "arn:aws:iam::111122223333:role/*", "policyArn", policyARN+"*"),
		}, []string{"role app-1234567: ", "elsewhere, role *: all.policyArn=" + policyARN + "*"}},

		{"a secret name", []*resource.Resource{
			res(facts.RolePolicy, "inline", "role", resource.StringValue("hush").AsSecret(), "policy", doc),
			res(facts.Role, "app", "name", resource.StringValue("hush-too").AsSecret()),
		}, []string{"elsewhere, role [secret]: inline.policy", "role app: "}},

		{"two candidates for one", []*resource.Resource{
			newPolicy, other,
			res(facts.RoleAttachment, "one", "role", "app", "policyArn", unknown, "policyArn <-", of(newPolicy, other)),
		}, []string{"elsewhere, role app: unknown one.policyArn"}},

		{"no candidate", []*resource.Resource{
			res(facts.RoleAttachment, "one", "role", "app", "policyArn", unknown),
		}, []string{"elsewhere, role app: unknown one.policyArn"}},

		{"a permission set", []*resource.Resource{
			res(facts.SSOPermissionSet, "ops", "name", "ops", "arn", "arn:aws:sso:::permissionSet/ssoins-1/ps-1"),
			res(facts.PermissionSet, "inline", "permissionSetArn", "arn:aws:sso:::permissionSet/ssoins-1/ps-1", "inlinePolicy", doc),
			res(facts.SSOAttachment, "admin", "permissionSetArn", "arn:aws:sso:::permissionSet/ssoins-1/ps-1", "managedPolicyArn", admin),
			res(facts.SSOBoundaryAttachment, "bound", "permissionSetArn", "arn:aws:sso:::permissionSet/ssoins-1/ps-1",
				"permissionsBoundary", map[string]resource.Value{"managedPolicyArn": val(admin)}),
		}, []string{"permission set ops: inline.inlinePolicy, admin.managedPolicyArn=" + admin + ", within " + admin}},

		{"all policies of a permission set", []*resource.Resource{
			policy, other,
			res(facts.SSOAttachments, "managed", "permissionSetArn", "arn:aws:sso:::permissionSet/ssoins-1/ps-1",
				"managedPolicyArns", []string{policyARN + "orders", admin}),
			res(facts.SSOCustomerAttachments, "customer", "permissionSetArn", "arn:aws:sso:::permissionSet/ssoins-1/ps-1",
				"customerManagedPolicyReferences", []resource.Value{
					val(map[string]resource.Value{"name": val("audit"), "path": val("/")}),
					val(map[string]resource.Value{"name": unknown}),
				}, "customerManagedPolicyReferences <-", of(other)),
			res(facts.SSOCustomerAttachments, "later", "permissionSetArn", "arn:aws:sso:::permissionSet/ssoins-1/ps-1",
				"customerManagedPolicyReferences", unknown),
			res(facts.SSOCustomerAttachments, "odd", "permissionSetArn", "arn:aws:sso:::permissionSet/ssoins-1/ps-1",
				"customerManagedPolicyReferences", "audit"),
		}, []string{"elsewhere, permission set ps-1: orders.policy, carts.policy, managed.managedPolicyArns[1]=" + admin +
			", customer.customerManagedPolicyReferences[0].name=audit, unknown later.customerManagedPolicyReferences[].name" +
			", odd: customerManagedPolicyReferences is a string, not a list"}},

		{"what is in the way in two ways is so once", []*resource.Resource{
			res(facts.ManagedPolicy, "later", "policy", unknown, "arn", policyARN+"later"),
			res(facts.ManagedPolicy, "odd", "policy", resource.NumberValue(7), "arn", policyARN+"odd"),
			res(facts.GroupAttachments, "all", "groupName", "devs", "policyArns", []string{policyARN + "later", policyARN + "odd"}),
			res(facts.UserAttachments, "own", "userName", "ann", "policyArns", []string{policyARN + "later", policyARN + "odd"}),
			res(facts.UserMemberships, "in", "user", "ann", "groups", []string{"devs", "devs"}),
		}, []string{
			"elsewhere, group devs: unknown later.policy, odd: policy is a number, not a policy document",
			"elsewhere, user ann: unknown later.policy, odd: policy is a number, not a policy document",
		}},

		{"a role of aws-native, with what either provider holds beside it", []*resource.Resource{
			res(facts.NativeRole, "app", "roleName", "app", "arn", "arn:aws:iam::111122223333:role/app", "policies", []resource.Value{
				val(map[string]resource.Value{"policyName": val("a"), "policyDocument": val(doc)}),
				val(map[string]resource.Value{"policyName": val("b"), "policyDocument": unknown}),
			}, "managedPolicyArns", []string{policyARN + "orders", admin}, "permissionsBoundary", policyARN+"limits"),
			res(facts.NativeRolePolicy, "native", "roleName", "app", "policyDocument", doc),
			res(facts.RolePolicy, "classic", "role", "arn:aws:iam::111122223333:role/app", "policy", doc),
			res(facts.NativeManagedPolicy, "orders", "policyDocument", doc, "policyArn", policyARN+"orders"),
			res(facts.NativeManagedPolicy, "limits", "policyDocument", doc, "policyArn", policyARN+"limits"),
		}, []string{"role app: app.policies[0].policyDocument, orders.policyDocument, native.policyDocument, classic.policy" +
			", app.managedPolicyArns[1]=" + admin + ", within limits, unknown app.policies[1].policyDocument"}},

		{"a managed policy of aws-native that names whom it is attached to", []*resource.Resource{
			res(facts.NativeManagedPolicy, "orders", "policyDocument", doc, "roles", []string{"r"}, "users", []string{"ann"}, "groups", []string{"devs"}),
			res(facts.NativeUser, "ann", "userName", "ann"),
		}, []string{"elsewhere, role r: orders.policyDocument", "user ann: orders.policyDocument", "elsewhere, group devs: orders.policyDocument"}},

		{"a user of aws-native names its groups", []*resource.Resource{
			res(facts.NativeUser, "ann", "userName", "ann", "groups", []string{"devs"}),
			res(facts.NativeUserPolicy, "own", "userName", "ann", "policyDocument", doc),
			res(facts.NativeGroup, "devs", "groupName", "devs", "managedPolicyArns", []string{admin}),
			res(facts.NativeGroupPolicy, "read", "groupName", "devs", "policyDocument", doc),
		}, []string{"user ann: own.policyDocument, read.policyDocument, devs.managedPolicyArns[0]=" + admin,
			"group devs: read.policyDocument, devs.managedPolicyArns[0]=" + admin}},

		{"a permission set of aws-native", []*resource.Resource{
			res(facts.NativePermissionSet, "ops", "name", "ops", "permissionSetArn", "arn:aws:sso:::permissionSet/ssoins-1/ps-1",
				"inlinePolicy", doc, "managedPolicies", []string{admin},
				"customerManagedPolicyReferences", []resource.Value{val(map[string]resource.Value{"name": val("audit")})},
				"permissionsBoundary", map[string]resource.Value{"managedPolicyArn": val(admin)}),
			res(facts.SSOAttachment, "more", "permissionSetArn", "arn:aws:sso:::permissionSet/ssoins-1/ps-1", "managedPolicyArn", admin),
		}, []string{"permission set ops: ops.inlinePolicy, ops.managedPolicies[0]=" + admin +
			", ops.customerManagedPolicyReferences[0].name=audit, more.managedPolicyArn=" + admin + ", within " + admin}},

		{"a document that is known in part may turn out to be more", []*resource.Resource{
			res(facts.NativeRolePolicy, "part", "roleName", "app", "policyDocument", map[string]resource.Value{
				"Version": val("2012-10-17"), "Statement": val(map[string]resource.Value{
					"Effect": val("Allow"), "Action": val("dynamodb:GetItem"), "Resource": val([]resource.Value{val("*"), unknown}),
				}),
			}),
		}, []string{"elsewhere, role app: part.policyDocument, unknown part.policyDocument"}},

		{"an ARN of aws-native not known yet, joined by what it depends on", []*resource.Resource{
			res(facts.NativeManagedPolicy, "orders", "policyDocument", doc, "policyArn", unknown),
			res(facts.NativeRole, "app", "roleName", "app", "managedPolicyArns", []resource.Value{unknown},
				"managedPolicyArns <-", []resource.URN{urn(facts.NativeManagedPolicy, "orders")}),
		}, []string{"role app: orders.policyDocument"}},

		{"properties of the wrong type", []*resource.Resource{
			res(facts.RoleAttachment, "one", "role", val([]resource.Value{val("app")}), "policyArn", resource.NumberValue(7)),
			res(facts.Role, "odd", "name", resource.BoolValue(true), "managedPolicyArns", "none", "inlinePolicies", "none"),
			res(facts.RolePolicy, "none", "policy", doc),
		}, []string{
			"elsewhere, role app: one: policyArn is a number, not a string",
			"role odd: odd.managedPolicyArns=none, odd: inlinePolicies is a string, not a list",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, p := range facts.NewGraph(c.stack, nil).Principals().List {
				got = append(got, written(p))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnknownPrincipal: who is meant is not known, or cannot be read, which is the stack's to tell.
func TestUnknownPrincipal(t *testing.T) {
	principals := facts.NewGraph([]*resource.Resource{
		res(facts.RolePolicy, "inline", "role", unknown, "policy", doc),
		res(facts.RolePolicy, "odd", "role", resource.NumberValue(7), "policy", doc),
	}, nil).Principals()
	want := &facts.Principals{
		Unknown:  []facts.Place{{URN: urn(facts.RolePolicy, "inline"), Path: "role"}},
		Problems: []facts.Problem{{URN: urn(facts.RolePolicy, "odd"), Message: "role is a number, not a string"}},
	}
	if diff := cmp.Diff(want, principals); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
