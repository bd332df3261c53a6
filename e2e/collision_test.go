package e2e

import (
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"dynamoguard/e2e/internal/harness"
)

var collision = harness.About{"table-name-collision"}

// named gives a table another physical name than its logical one.
func named(name string) func(*dynamodb.TableArgs) {
	return func(args *dynamodb.TableArgs) { args.Name = pulumi.String(name) }
}

// provider declares an explicit provider of a region.
func (p program) provider(name, region string) pulumi.ResourceOption {
	return pulumi.Provider(must(aws.NewProvider(p.Context, name, &aws.ProviderArgs{Region: pulumi.String(region)})))
}

// TestRegions uses one table name through two explicit providers.
func TestRegions(t *testing.T) {
	twice := func(second string) pulumi.RunFunc {
		return stack(func(p program) {
			orders := p.table("orders", nil, p.provider("first", "eu-west-1"))
			p.table("twin", named("orders"), p.provider("second", second), after(orders))
		})
	}
	t.Run("two regions", func(t *testing.T) {
		s := harness.NewStack(t, collision, twice("us-west-2"))
		check(t, "preview", s.Preview(), passes())
		check(t, "up", s.Up(), passes(tableOrders, "aws:dynamodb/table:Table::twin"))
	})
	t.Run("one region", func(t *testing.T) {
		s := harness.NewStack(t, collision, twice("eu-west-1"))
		const twin = "aws:dynamodb/table:Table::twin"
		violation := "mandatory high table-name-collision " + twin + ": " + twoOwners("name", "orders", "eu-west-1", tableOrders, twin)
		check(t, "preview", s.Preview(), stopped(violation))
		check(t, "up", s.Up(), stoppedUp(violation, tableOrders))
	})
}

// TestRenamed gives a table another logical name: the state still has the old
// one, with the same physical name. With an alias that is the same table;
// without, AWS would refuse, which the stand-in for its provider does not.
func TestRenamed(t *testing.T) {
	before := stack(func(p program) { p.table("orders", nil) })
	tests := []struct {
		name    string
		options []pulumi.ResourceOption
		said    []string
		created []string
	}{
		{"with an alias", []pulumi.ResourceOption{pulumi.Aliases([]pulumi.Alias{{Name: pulumi.String("orders")}})}, nil, nil},
		{"without", nil, []string{
			`advisory high table-name-collision aws:dynamodb/table:Table::purchases: name: the table name "orders" belongs to ` +
				"urn:pulumi:dev::shop::" + tableOrders + " in the stack's own state" + byState + ", which is no alias of this resource, and " +
				"AWS refuses a second table of the name; where it is the same table, give this resource the alias urn:pulumi:dev::shop::" +
				tableOrders + ", or import it; else give it another name. SOC 2: CC8.1, A1.2",
		}, []string{"aws:dynamodb/table:Table::purchases"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := harness.NewStack(t, collision, before)
			check(t, "up", s.Up(), passes(tableOrders))
			s.Become(stack(func(p program) { p.table("purchases", named("orders"), test.options...) }))
			check(t, "preview of the other name", s.Preview(), harness.Result{Policy: test.said})
			check(t, "up of the other name", s.Up(), harness.Result{Policy: test.said, Created: test.created})
		})
	}
}

// component is a resource of resources.
type component struct{ pulumi.ResourceState }

// TestComponents finds violations in the children of components, under their
// own URNs.
func TestComponents(t *testing.T) {
	program := stack(func(p program) {
		shop, storage := &component{}, &component{}
		if err := p.RegisterComponentResource("acme:shop:Shop", "shop", shop); err != nil {
			panic(err)
		}
		if err := p.RegisterComponentResource("acme:shop:Storage", "storage", storage, pulumi.Parent(shop)); err != nil {
			panic(err)
		}
		orders := p.table("orders", nil, pulumi.Parent(storage))
		carts := p.table("carts", unrecoverable, pulumi.Parent(storage), after(orders))
		p.policy("everything", allow("dynamodb:*", ordersARN), pulumi.Parent(carts))
	})
	s := harness.NewStack(t, harness.About{"iam-wildcard-action", "table-point-in-time-recovery"}, program)
	const storage = "acme:shop:Shop$acme:shop:Storage$"
	recovery := "mandatory high table-point-in-time-recovery " + storage + tableCarts + ": " + noRecovery
	check(t, "preview", s.Preview(), stopped(
		"mandatory high iam-wildcard-action "+storage+"aws:dynamodb/table:Table$aws:iam/policy:Policy::everything: "+everyAction,
		recovery))
	check(t, "up", s.Up(), stoppedUp(recovery, storage+tableOrders))
}
