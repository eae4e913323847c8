package liquid

import (
	"sync"

	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/outreach/template"
)

// confirmation is the built-in text of campaign.Confirmation, in force until a shop saves a template of that id. It names nothing but the shop and
// the link: whoever reads it may never have heard of who has typed the address.
var confirmation = template.Definition{ID: campaign.ConfirmationTemplate, Name: "Confirm an address", Channel: delivery.Email, Locales: map[string]template.Content{
	template.DefaultLocale: {
		Subject: "Please confirm your e-mail address for {{ shop.name }}",
		Text: "Somebody has asked {{ shop.name }} to write to this address. If it was you, please confirm it here within seven days:\n\n{{ confirmUrl }}\n\n" +
			"If it was not you, there is nothing to do: we write to nobody who has not confirmed.\n",
		HTML: "<p>Somebody has asked {{ shop.name }} to write to this address. If it was you, please confirm it within seven days:</p>" +
			"<p><a href=\"{{ confirmUrl }}\">Yes, this is my address</a></p>" +
			"<p>If it was not you, there is nothing to do: we write to nobody who has not confirmed.</p>",
	},
	"zh": {
		Subject: "请确认您在{{ shop.name }}的邮箱地址",
		Text: "有人请{{ shop.name }}向此邮箱发送邮件。如果是您本人，请在七天内点击以下链接确认：\n\n{{ confirmUrl }}\n\n" +
			"如果不是您本人，无需任何操作：未经确认，我们不会向您发送邮件。\n",
		HTML: "<p>有人请{{ shop.name }}向此邮箱发送邮件。如果是您本人，请在七天内确认：</p>" +
			"<p><a href=\"{{ confirmUrl }}\">是的，这是我的邮箱</a></p>" +
			"<p>如果不是您本人，无需任何操作：未经确认，我们不会向您发送邮件。</p>",
	},
}}

// Confirmation is the built-in template that asks people to confirm an address.
var Confirmation = sync.OnceValue(func() *Template {
	t, err := Compile(confirmation)
	if err != nil {
		panic(err) // a test compiles it
	}
	return t
})
