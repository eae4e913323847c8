package storefront

import "encoding/json"

type shopifyLine struct {
	ProductID    json.Number `json:"product_id"`
	SKU          string      `json:"sku"`
	Title        string      `json:"title"`
	VariantTitle string      `json:"variant_title"`
	Vendor       string      `json:"vendor"`
	Price        any         `json:"price"`
	Quantity     json.Number `json:"quantity"`
}

func (l shopifyLine) product() map[string]any {
	return filled(map[string]any{"product_id": l.ProductID.String(), "sku": l.SKU, "name": l.Title, "variant": l.VariantTitle, "brand": l.Vendor,
		"price": number(l.Price), "quantity": l.Quantity})
}
