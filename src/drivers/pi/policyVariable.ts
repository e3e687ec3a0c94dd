/** Tells our extension in pi which permission policy the session has. */
export const policyVariable = 'FLEET_PI_POLICY';
