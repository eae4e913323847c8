package main

import (
	"fmt"
	"slices"
	"time"
	_ "time/tzdata" // as the functions have it: a zone that this machine alone knows is none

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/spelling"
	"github.com/userops/userops/shared/standin/sam"
)

// checkShop holds what the template's patterns let pass to what the functions know. A parameter that was refused already is not judged again.
func (d *deployment) checkShop(refused []sam.Refusal) []string {
	var faults []string
	wrong := func(name string) bool {
		return slices.ContainsFunc(refused, func(r sam.Refusal) bool { return r.Parameter == name })
	}
	if zone := d.values["ShopTimeZone"]; !wrong("ShopTimeZone") {
		// Local is the zone of the machine that asks.
		if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
			faults = append(faults, fmt.Sprintf("ShopTimeZone is %s, and tzdata has no such zone: it is a name such as Asia/Shanghai", zone))
		}
	}
	if code := money.Currency(d.values["ShopCurrency"]); !wrong("ShopCurrency") && !code.Known() {
		faults = append(faults, fmt.Sprintf("ShopCurrency is %s, which %v", code, money.ErrUnknownCurrency))
	}
	return faults
}

// secretOf are names that are no parameters, for what they would hold is a secret: three of them were parameters once.
var secretOf = map[string]string{
	"UserHashSecret": userSecret, "SmtpPassword": smtpPassword, "WebhookSecret": webhookSecret,
	"Secret": rootSecret, "SessionSecret": sessionSecret, "ClientSecret": "client-secret",
}

// unknown says of a name that the template does not have what was meant.
func (d *deployment) unknown(r sam.Refusal, declared []sam.Parameter) string {
	if secret := d.secretName(secretOf[r.Parameter]); secretOf[r.Parameter] != "" && secret != "" {
		return fmt.Sprintf("%s %s, but the secret %s: %s", r.Parameter, r.What, secret, d.byHand(secret))
	}
	known := slices.Clone(variables)
	for _, p := range declared {
		known = append(known, p.Name)
	}
	return r.Parameter + " " + r.What + spelling.Hint(r.Parameter, known...)
}
