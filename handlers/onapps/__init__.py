"""The apps' settings, vouchers, redemptions. Rules: sunshine/modules/onapps."""

from handlers.onapps import redemptions, settings, vouchers

routes = [
    *settings.routes,
    *vouchers.routes,
    *redemptions.routes,
]
